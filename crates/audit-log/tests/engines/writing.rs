use std::sync::Arc;

use futures::future::join_all;
use seaworthy_audit_log::{AppendError, AuditEntry, Outcome};
use seaworthy_core::{
    ServiceIdentity,
    context::{self, Actor, RequestContext},
};
use seaworthy_data::sql;

use crate::test_database::TestDatabase;

pub(crate) async fn entry_is_committed_with_its_change_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    let undone: Result<(), AppendError> = test_database
        .database
        .transaction(|tx| {
            let log = log.clone();
            async move {
                log.append(&tx, AuditEntry::new("event.cancel")).await?;
                log.append(
                    &tx,
                    AuditEntry::new("event.cancel").detail("reason", "-".repeat(9_000)),
                )
                .await
            }
        })
        .await;
    assert!(matches!(undone, Err(AppendError::TooLong(_))), "{undone:?}");
    assert_eq!(log.verify(None).await.unwrap().records, 5);
    // The chain has no gap.
    test_database
        .append(&log, AuditEntry::new("event.cancel"))
        .await;
    assert_eq!(log.verify(None).await.unwrap().last_sequence, 6);
}

pub(crate) async fn concurrent_appends_make_one_chain_obs_11(test_database: TestDatabase) {
    let log = test_database.log();
    join_all((0..40).map(|_| test_database.append(&log, AuditEntry::new("event.cancel")))).await;
    assert_eq!(log.verify(None).await.unwrap().records, 40);
}

pub(crate) async fn entry_contains_request_without_secrets_obs_11(test_database: TestDatabase) {
    let log = test_database.log();
    let identity = ServiceIdentity::new("events", "1.0.0");
    let request =
        RequestContext::background(identity).with_client_address("2001:db8::7".parse().unwrap());
    request.set_actor(Actor::new("user-7"));
    let id = request.request_id().to_string();
    let entry = AuditEntry::new("user.ban")
        .target("user", "8")
        .outcome(Outcome::Refused)
        .detail("reason", "wrote to ada@example.org")
        .detail("password", "hunter2");
    context::scope(Arc::new(request), test_database.append(&log, entry)).await;
    let (actor, written, address, outcome, details): (String, String, String, String, String) =
        sql("SELECT actor, request_id, address, outcome, details FROM audit_log")
            .fetch_one(&test_database.database)
            .await
            .unwrap();
    assert_eq!((actor.as_str(), written), ("user-7", id));
    assert_eq!(
        (address.as_str(), outcome.as_str()),
        ("2001:db8::7", "refused")
    );
    assert!(!details.contains("hunter2"), "{details}");
    assert!(!details.contains("ada@example.org"), "{details}");
}
