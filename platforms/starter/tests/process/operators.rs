//! Commands of operators.

use seaworthy_testkit::{database::EmptyDatabase, http::request};

use crate::{
    app::{PASSWORD, Replica, assert_error, audited, command, execute, tokens, try_command},
    sessions::claims,
};

const FEATURES: &str = "/api/v1/features";

pub(crate) fn changes_of_users_take_effect_and_are_audited_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    command(database, &["roles", "grant", "ADA", "admin"]);
    let (admin, _) = tokens(&replica.login("ada", PASSWORD));
    let features = |token: &str| replica.call("GET", FEATURES, token, "");
    assert_eq!(features(&admin).status, 200);
    command(database, &["roles", "revoke", "ada", "admin"]);
    assert_error(&features(&admin), 401, "TOKEN_INVALID");
    let (token, _) = tokens(&replica.login("ada", PASSWORD));
    assert_error(&features(&token), 403, "INSUFFICIENT_PERMISSION");
    // A command that changes nothing fails, and ends nothing.
    for (arguments, problem) in [
        (["roles", "revoke", "ada", "admin"], "ada has no role"),
        (["roles", "grant", "ada", "boss"], "auth.roles has no role"),
        (["roles", "grant", "eve", "admin"], "no user with this name"),
    ] {
        let ran = try_command(database, &arguments);
        let text = String::from_utf8(ran.stderr).unwrap();
        assert!(!ran.status.success() && text.contains(problem), "{text}");
    }
    assert_error(&features(&token), 403, "INSUFFICIENT_PERMISSION");
    command(database, &["users", "disable", "ada"]);
    command(database, &["users", "enable", "ada"]);
    let id = claims(&token)["sub"].as_str().unwrap().to_owned();
    let actions = [
        "user.create",
        "role.grant",
        "role.revoke",
        "user.disable",
        "user.enable",
    ];
    let entries = actions.map(|action| (action.to_owned(), id.clone()));
    assert_eq!(audited(database), entries);
}

pub(crate) fn change_without_its_audit_entry_is_rolled_back_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    replica.register("eve");
    command(database, &["roles", "grant", "ada", "admin"]);
    let (admin, _) = tokens(&replica.login("ada", PASSWORD));
    execute(database, "ALTER TABLE audit_log RENAME TO away");
    for arguments in [
        &["users", "disable", "ada"][..],
        &["roles", "revoke", "ada", "admin"],
        &["roles", "grant", "eve", "admin"],
    ] {
        let ran = try_command(database, arguments);
        assert!(!ran.status.success(), "{ran:?}");
    }
    let features = replica.call("GET", FEATURES, &admin, "");
    assert_eq!(features.status, 200, "{}", features.body);
}

pub(crate) fn repeated_command_fails_and_ends_nothing_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    command(database, &["roles", "grant", "ada", "admin"]);
    let (admin, _) = tokens(&replica.login("ada", PASSWORD));
    let before = audited(database);
    let repeat = |arguments: &[&str], problem: &str| {
        let ran = try_command(database, arguments);
        let text = String::from_utf8(ran.stderr).unwrap();
        assert!(!ran.status.success() && text.contains(problem), "{text}");
    };
    repeat(
        &["roles", "grant", "ada", "admin"],
        "ada already has the role",
    );
    repeat(&["users", "enable", "ada"], "ada is already enabled");
    assert_eq!(replica.call("GET", FEATURES, &admin, "").status, 200);
    assert_eq!(audited(database), before);
    command(database, &["users", "disable", "ada"]);
    let before = audited(database);
    repeat(&["users", "disable", "ada"], "ada is already disabled");
    assert_eq!(audited(database), before);
}

pub(crate) fn disable_ends_access_of_a_user_whose_status_was_changed_auth_3(
    database: &EmptyDatabase,
) {
    let replica = Replica::start(database);
    replica.register("ada");
    command(database, &["roles", "grant", "ada", "admin"]);
    let (token, _) = tokens(&replica.login("ada", PASSWORD));
    assert_eq!(replica.call("GET", FEATURES, &token, "").status, 200);
    execute(
        database,
        "UPDATE users SET status = 'disabled' WHERE status = 'active'",
    );
    assert!(
        !try_command(database, &["users", "disable", "ada"])
            .status
            .success()
    );
    command(database, &["users", "enable", "ada"]);
    assert_eq!(replica.call("GET", FEATURES, &token, "").status, 401);
}

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
    let altered = verify();
    let text = String::from_utf8(altered.stderr).unwrap();
    assert!(
        !altered.status.success() && text.contains("the audit log is damaged"),
        "{text}"
    );
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
    let key = "audit_log.key=7Yb8NcD4FgH6JsA1eKx3v9Qp2LmT7wZr5";
    Replica::start(database).register("ada");
    Replica::start_with(database, &[key]).register("eve");
    let verified = try_command(database, &["audit-log", "verify", "--set", key]);
    assert!(verified.status.success(), "{verified:?}");
    // The derived key does not verify records of the other key.
    let verified = try_command(database, &["audit-log", "verify"]);
    assert!(!verified.status.success(), "{verified:?}");
}
