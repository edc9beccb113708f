use seaworthy::{account::Origin, data::sql};
use seaworthy_testkit::{
    cancellation::{DropPoint, drop_at},
    database::EmptyDatabase,
};

use super::fixture::TestAccounts;
use crate::domain::UserId;

/// Maximum number of awaits, more than the refresh has on any engine.
const MAX_AWAITS: usize = 2_000;

/// Reads the effects of a theft: the user's sessions, the version of their access tokens, audit
/// entries and messages. One statement reads a consistent state.
async fn left(accounts: &TestAccounts, user: &str) -> (i64, i64, i64, i64) {
    sql(
        "SELECT (SELECT count(*) FROM account_sessions WHERE user_id = ?),
                (SELECT count(*) FROM account_versions WHERE user_id = ?),
                (SELECT count(*) FROM audit_log WHERE action = 'session.reuse' AND target_id = ?),
                (SELECT count(*) FROM outbox WHERE message_key = ?)",
    )
    .bind(user)
    .bind(user)
    .bind(user)
    .bind(user)
    .fetch_one(&accounts.accounts().database)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reused_refresh_token_revokes_all_or_nothing_auth_3() {
    for empty in EmptyDatabase::every_engine() {
        let test = TestAccounts::start(empty).await;
        for moment in DropPoint::ALL {
            drop_at_every_await(&test, moment).await;
        }
    }
}

async fn drop_at_every_await(test: &TestAccounts, moment: DropPoint) {
    let accounts = test.accounts();
    for number in 1..MAX_AWAITS {
        let user = UserId::new().to_string();
        let session = accounts
            .sessions
            .begin(&accounts.database, &user, Origin::default())
            .await
            .unwrap();
        let _next = accounts.sessions.refresh(&session.token).await.unwrap();
        sql("UPDATE account_used_tokens SET used_us = used_us - 3600000000")
            .execute(&accounts.database)
            .await
            .unwrap();

        let reuse = accounts.refresh(Some(session.token.clone()));
        let is_complete = drop_at(moment, number, reuse).await.is_some();
        let found = left(test, &user).await;
        let none_or_all = [(1, 0, 0, 0), (0, 1, 1, 1)];
        assert!(
            none_or_all.contains(&found),
            "{moment:?} {number}: {found:?}"
        );

        // The next use of the stolen token repeats what was rolled back.
        assert!(accounts.refresh(Some(session.token)).await.is_err());
        assert_eq!(left(test, &user).await, (0, 1, 1, 1), "{moment:?} {number}");
        if is_complete {
            return;
        }
    }
    panic!("the refresh never completed");
}
