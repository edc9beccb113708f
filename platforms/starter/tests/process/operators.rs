//! Commands of operators.

use seaworthy_testkit::database::EmptyDatabase;

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
    let actions = ["role.grant", "role.revoke", "user.disable", "user.enable"];
    let entries = actions.map(|action| (action.to_owned(), id.clone()));
    assert_eq!(audited(database), entries);
}

pub(crate) fn change_without_its_audit_entry_is_rolled_back_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    command(database, &["roles", "grant", "ada", "admin"]);
    let (admin, _) = tokens(&replica.login("ada", PASSWORD));
    execute(database, "ALTER TABLE audit_log RENAME TO away");
    for arguments in [
        &["users", "disable", "ada"][..],
        &["roles", "revoke", "ada", "admin"],
        &["roles", "grant", "ada", "admin"],
    ] {
        let ran = try_command(database, arguments);
        assert!(!ran.status.success(), "{ran:?}");
    }
    let features = replica.call("GET", FEATURES, &admin, "");
    assert_eq!(features.status, 200, "{}", features.body);
}
