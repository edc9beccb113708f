use seaworthy_audit_log::{AuditEntry, AuditLog, VerifyError};
use seaworthy_data::{Statement, sql};

use crate::test_database::TestDatabase;

async fn run(test_database: &TestDatabase, statement: Statement) {
    statement.execute(&test_database.database).await.unwrap();
}

async fn broken(log: &AuditLog) -> VerifyError {
    log.verify(None).await.unwrap_err()
}

pub(crate) async fn verify_names_altered_record_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    assert_eq!(log.verify(None).await.unwrap().records, 5);
    let alter = |statement: &'static str| run(&test_database, sql(statement));
    for (there, back) in [
        (
            "UPDATE audit_log SET actor = 'mallory' WHERE sequence = 3",
            "UPDATE audit_log SET actor = NULL WHERE sequence = 3",
        ),
        (
            "UPDATE audit_log SET target_id = 'event 9' WHERE sequence = 3",
            "UPDATE audit_log SET target_id = 'event 2' WHERE sequence = 3",
        ),
        (
            "UPDATE audit_log SET at_us = at_us - 1 WHERE sequence = 3",
            "UPDATE audit_log SET at_us = at_us + 1 WHERE sequence = 3",
        ),
        (
            "UPDATE audit_log SET outcome = 'refused' WHERE sequence = 3",
            "UPDATE audit_log SET outcome = 'done' WHERE sequence = 3",
        ),
        (
            "UPDATE audit_log SET details = '{\"a\":\"b\"}' WHERE sequence = 3",
            "UPDATE audit_log SET details = '{}' WHERE sequence = 3",
        ),
    ] {
        alter(there).await;
        let found = broken(&log).await;
        assert!(
            matches!(found, VerifyError::Altered(3)),
            "{there}: {found:?}"
        );
        alter(back).await;
        assert_eq!(log.verify(None).await.unwrap().last_sequence, 5);
    }
}

pub(crate) async fn verify_names_missing_record_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    run(
        &test_database,
        sql("DELETE FROM audit_log WHERE sequence = 2"),
    )
    .await;
    assert!(matches!(broken(&log).await, VerifyError::Missing(2)));
    // Closing the gap breaks the chain.
    run(
        &test_database,
        sql("UPDATE audit_log SET sequence = 2 WHERE sequence = 3"),
    )
    .await;
    assert!(matches!(broken(&log).await, VerifyError::Altered(2)));
}

pub(crate) async fn reference_detects_removed_end_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    let seen = log.verify(None).await.unwrap();
    run(
        &test_database,
        sql("DELETE FROM audit_log WHERE sequence = 5"),
    )
    .await;
    let found = broken(&log).await;
    assert!(
        matches!(
            found,
            VerifyError::WrongEnd {
                expected: 5,
                found: 4
            }
        ),
        "{found:?}"
    );
    let cut = sql(
        "UPDATE audit_log_chain SET last_sequence = 4, last_hash = (SELECT hash FROM audit_log WHERE sequence = 4)",
    );
    run(&test_database, cut).await;
    log.verify(None).await.unwrap();
    let found = log.verify(Some((5, &seen.last_hash))).await;
    assert!(matches!(found, Err(VerifyError::Missing(5))), "{found:?}");
    // Another record with the same number.
    test_database
        .append(&log, AuditEntry::new("event.publish"))
        .await;
    let found = log.verify(Some((5, &seen.last_hash))).await;
    assert!(
        matches!(found, Err(VerifyError::ReferenceMismatch(5))),
        "{found:?}"
    );
}

pub(crate) async fn verify_detects_records_without_the_key_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    let forger = test_database.log_of("another key, which is also long enough");
    test_database
        .append(&forger, AuditEntry::new("user.promote"))
        .await;
    assert!(matches!(broken(&log).await, VerifyError::Altered(6)));
}

pub(crate) async fn log_is_valid_after_pruning_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    assert_eq!(log.prune(1).await.unwrap(), 0);
    // The records are in the past after the clock has advanced.
    test_database.ticks().await;
    assert_eq!(log.prune(0).await.unwrap(), 4, "the last one stays");
    let verified = log.verify(None).await.unwrap();
    assert_eq!((verified.records, verified.last_sequence), (1, 5));
    test_database
        .append(&log, AuditEntry::new("event.publish"))
        .await;
    assert_eq!(log.verify(None).await.unwrap().records, 2);
    run(
        &test_database,
        sql("UPDATE audit_log_chain SET pruned_sequence = 5"),
    )
    .await;
    assert!(matches!(
        broken(&log).await,
        VerifyError::PruneProofAltered(5)
    ));
}
