use seaworthy_audit_log::{
    AuditEntry, AuditLog, AuditLogConfig, RecordReference, VerificationKeyConfig, VerifyError,
};
use seaworthy_core::Secret;
use seaworthy_data::sql;

use crate::test_database::TestDatabase;

const EARLIER: &str = "the key of last year, which is long enough";
const PRESENT: &str = "the key of this year, which is long enough";

fn config(additional: &str, last: Option<RecordReference>) -> AuditLogConfig {
    let additional = VerificationKeyConfig {
        key: Some(Secret::new(additional.to_owned())),
        last,
    };
    AuditLogConfig {
        key: Some(Secret::new(PRESENT.to_owned())),
        additional_verification_keys: [("2025".to_owned(), additional)].into(),
        ..AuditLogConfig::default()
    }
}

/// A log that signs with the current key and verifies the earlier one, up to this record.
fn rotated(test_database: &TestDatabase, last: Option<RecordReference>) -> AuditLog {
    AuditLog::new(test_database.database.clone(), &config(EARLIER, last)).unwrap()
}

/// Returns the last record.
async fn last(log: &AuditLog) -> RecordReference {
    let found = log.verify(None).await.unwrap();
    let text = format!("{}:{}", found.last_sequence, found.last_hash);
    text.parse().unwrap()
}

async fn append(test_database: &TestDatabase, log: &AuditLog, times: u32) {
    for _ in 0..times {
        test_database
            .append(log, AuditEntry::new("event.cancel"))
            .await;
    }
}

pub(crate) async fn log_stays_valid_when_key_changes_obs_11(test_database: TestDatabase) {
    let (earlier, present) = (test_database.log_of(EARLIER), rotated(&test_database, None));
    append(&test_database, &earlier, 3).await;
    append(&test_database, &present, 2).await;
    // A replica before its restart.
    append(&test_database, &earlier, 1).await;
    append(&test_database, &present, 1).await;
    let found = present.verify(None).await.unwrap();
    let sixth = found.last_by_other_key["2025"].clone();
    assert_eq!(
        (found.records, sixth.to_string().split_once(':').unwrap().0),
        (7, "6")
    );
    assert_eq!(found.keys_without_last, ["2025"]);
    let ended = rotated(&test_database, Some(sixth.clone()));
    let found = ended.verify(None).await.unwrap();
    assert_eq!(
        (found.records, &found.last_by_other_key["2025"]),
        (7, &sixth)
    );
    assert!(found.keys_without_last.is_empty());

    let alone = test_database.log_of(PRESENT).verify(None).await;
    assert!(matches!(alone, Err(VerifyError::Altered(1))), "{alone:?}");
}

pub(crate) async fn verify_detects_records_added_with_stolen_old_key_obs_11(
    test_database: TestDatabase,
) {
    let stolen = test_database.log_of(EARLIER);
    append(&test_database, &stolen, 3).await;
    let present = rotated(&test_database, Some(last(&stolen).await));
    append(&test_database, &present, 1).await;
    present.verify(None).await.unwrap();
    append(&test_database, &stolen, 1).await;
    let found = present.verify(None).await;
    assert!(matches!(found, Err(VerifyError::Altered(5))), "{found:?}");
}

pub(crate) async fn verify_detects_records_altered_with_stolen_old_key_obs_11(
    test_database: TestDatabase,
) {
    let stolen = test_database.log_of(EARLIER);
    append(&test_database, &stolen, 2).await;
    let second = last(&stolen).await;
    append(&test_database, &stolen, 1).await;
    let third = last(&stolen).await;
    let present = rotated(&test_database, Some(third.clone()));
    append(&test_database, &present, 2).await;
    // The records from the third on are removed, and another third one is added.
    let cut = "DELETE FROM audit_log WHERE sequence > 2";
    sql(cut).execute(&test_database.database).await.unwrap();
    let back = "UPDATE audit_log_chain SET last_sequence = 2, last_hash = (SELECT hash FROM audit_log WHERE sequence = 2)";
    sql(back).execute(&test_database.database).await.unwrap();
    assert_eq!(last(&stolen).await, second);
    let found = present.verify(None).await;
    assert!(matches!(found, Err(VerifyError::Missing(3))), "{found:?}");
    test_database
        .append(&stolen, AuditEntry::new("event.forge"))
        .await;
    let found = present.verify(None).await;
    assert!(
        matches!(found, Err(VerifyError::ReferenceMismatch(3))),
        "{found:?}"
    );
}

pub(crate) async fn append_signs_beginning_with_own_key_obs_11(test_database: TestDatabase) {
    let earlier = test_database.log_of(EARLIER);
    append(&test_database, &earlier, 5).await;
    test_database.ticks().await;
    assert_eq!(earlier.prune(0).await.unwrap(), 4);
    let with_an_end = rotated(&test_database, Some(last(&earlier).await));
    let found = with_an_end.verify(None).await;
    assert!(
        matches!(found, Err(VerifyError::PruneProofAltered(4))),
        "the thief of the earlier key would have removed the beginning: {found:?}"
    );
    let present = rotated(&test_database, None);
    let found = present.verify(None).await.unwrap();
    assert_eq!(
        (found.pruned_sequence, found.beginning_by_other_key),
        (4, true)
    );
    append(&test_database, &present, 1).await;
    let found = with_an_end.verify(None).await.unwrap();
    assert_eq!((found.records, found.pruned_sequence), (2, 4));
    assert!(!found.beginning_by_other_key);
}

pub(crate) async fn key_without_records_ends_at_the_beginning_obs_11(test_database: TestDatabase) {
    // The key was never used, and a thief has it.
    let stolen = test_database.log_of(EARLIER);
    let present = rotated(&test_database, None);
    append(&test_database, &present, 2).await;
    let found = present.verify(None).await.unwrap();
    let beginning = found.last_by_other_key["2025"].clone();
    assert_eq!(beginning.to_string(), format!("0:{}", "0".repeat(64)));
    let ended = rotated(&test_database, Some(beginning));
    ended.verify(None).await.unwrap();
    append(&test_database, &stolen, 1).await;
    let found = ended.verify(None).await;
    assert!(matches!(found, Err(VerifyError::Altered(3))), "{found:?}");
    // The beginning of a pruned log is its last pruned record.
    let both = rotated(&test_database, None);
    append(&test_database, &both, 1).await;
    test_database.ticks().await;
    assert_eq!(both.prune(0).await.unwrap(), 3);
    let found = both.verify(None).await.unwrap();
    let third = found.last_by_other_key["2025"].clone();
    assert!(third.to_string().starts_with("3:"), "{third}");
    rotated(&test_database, Some(third))
        .verify(None)
        .await
        .unwrap();
}

pub(crate) async fn missing_or_short_key_is_named_obs_11(test_database: TestDatabase) {
    let mut config = config("short", None);
    let refused = |config: &AuditLogConfig| {
        let log = AuditLog::new(test_database.database.clone(), config);
        log.unwrap_err().to_string()
    };
    let short = refused(&config);
    assert!(
        short.contains("audit_log.additional_verification_keys.2025.key has 5 bytes"),
        "{short}"
    );
    config
        .additional_verification_keys
        .get_mut("2025")
        .unwrap()
        .key = None;
    let missing = refused(&config);
    assert!(
        missing.contains("audit_log.additional_verification_keys.2025.key is missing"),
        "{missing}"
    );
    config.key = None;
    assert!(refused(&config).contains("set audit_log.key"));
}
