//! The audit log: its commands, keys and retention.

use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::{Value, json};

use crate::{
    app::{Replica, builder, command, execute, try_command},
    operators::assert_failed,
};

/// A key of the audit log that is not derived from the data keys.
const KEY: &str = "audit_log.key=7Yb8NcD4FgH6JsA1eKx3v9Qp2LmT7wZr5";

pub(crate) fn command_finds_an_altered_audit_record_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    command(database, &["roles", "grant", "ada", "admin"]);
    let verify = || try_command(database, &["audit-log", "verify"]);
    let verified = verify();
    assert!(verified.status.success(), "{verified:?}");
    let exported = try_command(database, &["audit-log", "export", "--action", "role.grant"]);
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.contains("operator"), "{exported}");
    execute(
        database,
        "UPDATE audit_log SET action = 'role.revoke' WHERE action = 'role.grant'",
    );
    assert_failed(&verify(), "the audit log is damaged");
}

pub(crate) fn retention_prunes_the_audit_log_obs_11(database: &EmptyDatabase) {
    let prune = |replica: &Replica| {
        let path = "/workers/prune%20audit%20log/run";
        let operator = [("x-admin-request", "1")];
        request(replica.admin, "POST", path, &operator, "")
            .unwrap()
            .status
    };
    assert_eq!(prune(&Replica::start(database)), 404);
    let retention = "audit_log.retention_days=365";
    let replica = Replica::start_with(database, &[retention]);
    assert_eq!(prune(&replica), 200);
}

pub(crate) fn new_audit_key_verifies_earlier_records_obs_11(database: &EmptyDatabase) {
    Replica::start(database).register("ada");
    Replica::start_with(database, &[KEY]).register("eve");
    let verified = try_command(database, &["audit-log", "verify", "--set", KEY]);
    assert!(verified.status.success(), "{verified:?}");
    // The derived key does not verify records of the other key.
    let verified = try_command(database, &["audit-log", "verify"]);
    assert!(!verified.status.success(), "{verified:?}");
}

pub(crate) fn derived_audit_key_signs_only_up_to_its_last_record_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    Replica::start_with(database, &[KEY]).register("eve");
    let verify = |settings: &[&str]| {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments = ["audit-log", "verify", "--format", "json"].into_iter();
        try_command(database, &arguments.chain(settings).collect::<Vec<_>>())
    };
    let verified = verify(&[KEY]);
    assert!(verified.status.success(), "{verified:?}");
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let last = verified["last_by_other_key"]["derived"].as_str().unwrap();
    assert!(last.starts_with("1:"), "{verified}");
    assert_eq!(verified["keys_without_last"], json!(["derived"]));
    let last = format!("audit_log.additional_verification_keys.derived.last={last}");
    let ended = verify(&[KEY, &last]);
    assert!(ended.status.success(), "{ended:?}");
    // A thief of the data keys appends a record.
    replica.register("mallory");
    let verified = verify(&[KEY]);
    assert!(verified.status.success(), "{verified:?}");
    assert_failed(&verify(&[KEY, &last]), "record 3 was altered");
}

pub(crate) fn derived_audit_key_can_be_ended_before_its_first_record_obs_11(
    database: &EmptyDatabase,
) {
    // The operator sets the key before the first start.
    let mut app = builder(database.url()).setting(KEY).start().unwrap();
    let warning = "the last record of an additional audit log key is not set";
    app.process.line(warning).unwrap();
    Replica::from(app).register("ada");
    let verify = |settings: &[&str]| {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments = ["audit-log", "verify"].into_iter();
        try_command(database, &arguments.chain(settings).collect::<Vec<_>>())
    };
    let verified = verify(&[KEY]);
    assert!(verified.status.success(), "{verified:?}");
    let zeros = "0".repeat(64);
    let shown = String::from_utf8(verified.stdout).unwrap();
    let expected = format!("the last record of the key derived is 0:{zeros} (not set)");
    assert!(shown.contains(&expected), "{shown}");
    let last = format!("audit_log.additional_verification_keys.derived.last=0:{zeros}");
    let ended = verify(&[KEY, &last]);
    assert!(ended.status.success(), "{ended:?}");
    // A thief of the data keys appends a record.
    Replica::start(database).register("mallory");
    assert!(verify(&[KEY]).status.success());
    assert_failed(&verify(&[KEY, &last]), "record 2 was altered");
}
