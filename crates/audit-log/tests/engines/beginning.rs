use seaworthy_audit_log::{AuditEntry, AuditLog, ReferenceState, VerifyError};
use seaworthy_data::{Statement, sql};

use crate::test_database::TestDatabase;

/// Removes records as a pruning does, without the key.
const ERASED: &str = "UPDATE audit_log_chain SET pruned_sequence = 3, pruned_hash = (SELECT hash FROM audit_log WHERE sequence = 3)";
const ALL_ERASED: &str =
    "UPDATE audit_log_chain SET pruned_sequence = last_sequence, pruned_hash = last_hash";

async fn run(test_database: &TestDatabase, statement: Statement) {
    statement.execute(&test_database.database).await.unwrap();
}

async fn broken(log: &AuditLog) -> VerifyError {
    log.verify(None).await.unwrap_err()
}

async fn records(test_database: &TestDatabase) -> i64 {
    let (count,) = sql("SELECT COUNT(*) FROM audit_log")
        .fetch_one(&test_database.database)
        .await
        .unwrap();
    count
}

/// A log of five records with the first four pruned, and their hashes.
async fn pruned(test_database: &TestDatabase) -> (AuditLog, Vec<String>) {
    let log = test_database.log();
    let mut hashes = Vec::new();
    for _ in 0..5 {
        test_database
            .append(&log, AuditEntry::new("event.cancel"))
            .await;
        hashes.push(log.verify(None).await.unwrap().last_hash);
    }
    test_database.ticks().await;
    assert_eq!(log.prune(0).await.unwrap(), 4);
    (log, hashes)
}

pub(crate) async fn verify_detects_removed_beginning_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    let seen = log.verify(None).await.unwrap().last_hash;
    run(&test_database, sql(ERASED)).await;
    run(
        &test_database,
        sql("DELETE FROM audit_log WHERE sequence <= 3"),
    )
    .await;
    let found = broken(&log).await;
    assert!(
        matches!(found, VerifyError::PruneProofMissing(3)),
        "{found:?}"
    );
    // All records, with the reference of the last one.
    run(&test_database, sql(ALL_ERASED)).await;
    run(&test_database, sql("DELETE FROM audit_log")).await;
    for seen in [None, Some((5, seen.as_str()))] {
        let found = log.verify(seen).await;
        assert!(
            matches!(found, Err(VerifyError::PruneProofMissing(5))),
            "{found:?}"
        );
    }
}

pub(crate) async fn proof_of_pruning_is_bound_to_its_position_obs_11(test_database: TestDatabase) {
    let (log, _) = pruned(&test_database).await;
    test_database
        .append(&log, AuditEntry::new("event.cancel"))
        .await;
    run(&test_database, sql(ALL_ERASED)).await;
    run(&test_database, sql("DELETE FROM audit_log")).await;
    let found = broken(&log).await;
    assert!(
        matches!(found, VerifyError::PruneProofAltered(6)),
        "{found:?}"
    );
    // The hash of a record proves nothing either.
    run(
        &test_database,
        sql("UPDATE audit_log_chain SET pruned_proof = last_hash"),
    )
    .await;
    let found = broken(&log).await;
    assert!(
        matches!(found, VerifyError::PruneProofAltered(6)),
        "{found:?}"
    );
}

pub(crate) async fn verify_reports_pruning_without_proof_obs_11(test_database: TestDatabase) {
    let (log, _) = pruned(&test_database).await;
    assert_eq!(log.verify(None).await.unwrap().pruned_sequence, 4);
    // The state that an earlier version left.
    run(
        &test_database,
        sql("UPDATE audit_log_chain SET pruned_proof = NULL"),
    )
    .await;
    let found = broken(&log).await;
    assert!(
        matches!(found, VerifyError::PruneProofMissing(4)),
        "{found:?}"
    );
    // Another pruning would sign unverified records.
    test_database
        .append(&log, AuditEntry::new("event.cancel"))
        .await;
    test_database.ticks().await;
    let refused = log.prune(0).await;
    assert!(
        matches!(refused, Err(VerifyError::PruneProofMissing(4))),
        "{refused:?}"
    );
    assert_eq!(records(&test_database).await, 2);
    run(
        &test_database,
        sql("UPDATE audit_log_chain SET pruned_sequence = 0, pruned_hash = NULL"),
    )
    .await;
    assert!(matches!(broken(&log).await, VerifyError::Missing(1)));
}

pub(crate) async fn pruned_reference_is_not_reported_as_valid_obs_11(test_database: TestDatabase) {
    let (log, hashes) = pruned(&test_database).await;
    let verify = async |sequence: i64, hash: &str| log.verify(Some((sequence, hash))).await;
    let found = verify(3, &hashes[2]).await.unwrap();
    assert_eq!(
        (found.records, found.reference),
        (1, Some(ReferenceState::Pruned))
    );
    for (sequence, hash) in [(4, &hashes[3]), (5, &hashes[4])] {
        let found = verify(sequence, hash).await.unwrap();
        assert_eq!(found.reference, Some(ReferenceState::Intact), "{sequence}");
    }
    for sequence in [4, 5] {
        let found = verify(sequence, &hashes[0]).await;
        assert!(
            matches!(found, Err(VerifyError::ReferenceMismatch(at)) if at == sequence),
            "{found:?}"
        );
    }
    let found = verify(6, &hashes[4]).await;
    assert!(matches!(found, Err(VerifyError::Missing(6))), "{found:?}");
    assert_eq!(log.verify(None).await.unwrap().reference, None);
    // The next pruning continues there.
    test_database
        .append(&log, AuditEntry::new("event.cancel"))
        .await;
    test_database.ticks().await;
    assert_eq!(log.prune(0).await.unwrap(), 1);
    let found = verify(4, &hashes[3]).await.unwrap();
    assert_eq!(
        (found.pruned_sequence, found.reference),
        (5, Some(ReferenceState::Pruned))
    );
}

pub(crate) async fn pruning_fails_on_altered_records_obs_11(test_database: TestDatabase) {
    let log = test_database.five().await;
    let aged = sql("UPDATE audit_log SET at_us = 1 WHERE sequence = 4");
    run(&test_database, aged).await;
    let refused = log.prune(1).await;
    assert!(
        matches!(refused, Err(VerifyError::Altered(4))),
        "{refused:?}"
    );
    // A gap fails too.
    run(
        &test_database,
        sql("DELETE FROM audit_log WHERE sequence = 2"),
    )
    .await;
    let refused = log.prune(1).await;
    assert!(
        matches!(refused, Err(VerifyError::Missing(2))),
        "{refused:?}"
    );
    assert_eq!(records(&test_database).await, 4);
}

pub(crate) async fn verify_names_record_outside_of_chain_obs_11(test_database: TestDatabase) {
    let (log, _) = pruned(&test_database).await;
    for (there, number) in [
        (
            "UPDATE audit_log SET sequence = 3 WHERE action = 'forged'",
            3,
        ),
        (
            "UPDATE audit_log SET sequence = 9 WHERE action = 'forged'",
            9,
        ),
    ] {
        let forged = sql(
            "INSERT INTO audit_log (sequence, at_us, action, outcome, details, hash)
             SELECT 7, at_us, 'forged', outcome, details, hash FROM audit_log WHERE sequence = 5",
        );
        run(&test_database, forged).await;
        run(&test_database, sql(there)).await;
        let found = broken(&log).await;
        assert!(
            matches!(found, VerifyError::OutsideChain(at) if at == number),
            "{found:?}"
        );
        run(
            &test_database,
            sql("DELETE FROM audit_log WHERE action = 'forged'"),
        )
        .await;
        log.verify(None).await.unwrap();
    }
}
