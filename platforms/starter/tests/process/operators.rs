//! Commands of operators.

use std::process::Output;

use seaworthy::data::sql;
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::{
    api_keys::{key, with_key},
    app::{
        PASSWORD, Replica, assert_error, audited, command, execute, in_database, json_of,
        set_password, tokens, try_command,
    },
    logs::{code, remembered},
    second_factor::{enable, login_with_code},
    sessions::claims,
};

const FEATURES: &str = "/api/v1/features";

/// Asserts that a command failed, and why.
#[track_caller]
pub(crate) fn assert_failed(ran: &Output, problem: &str) {
    let text = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && text.contains(problem), "{text}");
}

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
        assert_failed(&try_command(database, &arguments), problem);
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

pub(crate) fn wildcard_of_a_role_covers_its_resource_auth_5(database: &EmptyDatabase) {
    let editors = "auth.roles.editor=[\"feature:*\"]";
    let replica = Replica::start_with(database, &[editors]);
    replica.register("ada");
    let grant = ["roles", "grant", "ada", "editor", "--set", editors];
    command(database, &grant);
    let (editor, _) = tokens(&replica.login("ada", PASSWORD));
    let update = json!({ "config": { "enabled": true } }).to_string();
    for (method, path, body) in [
        ("GET", FEATURES, ""),
        ("PUT", "/api/v1/features/new_page", update.as_str()),
    ] {
        let answer = replica.call(method, path, &editor, body);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let refused = replica.call("GET", "/api/v1/operations", &editor, "");
    assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
}

pub(crate) fn command_does_not_migrate_and_accepts_newer_tables_data_2(database: &EmptyDatabase) {
    let migrate = ["--set", "data.database.migrate_at_start=true"];
    let grant = ["roles", "grant", "ada", "admin"];
    let ran = try_command(database, &[&grant[..], &migrate].concat());
    assert_failed(&ran, "run `migrate up`");
    let has_tables = in_database(database, async |database| {
        let history = sql("SELECT version FROM schema_history");
        history.fetch_rows(&database).await.is_ok()
    });
    assert!(!has_tables);
    Replica::start(database).register("ada");
    // A newer replica has applied a migration.
    execute(
        database,
        "INSERT INTO schema_history (version, name, checksum, applied_at, unfinished) SELECT 999, 'newer', checksum, applied_at, unfinished FROM schema_history WHERE version = 1",
    );
    for arguments in [
        &grant[..],
        &["users", "disable", "ada"],
        &["flags", "list"],
        &["audit-log", "verify"],
    ] {
        command(database, &[arguments, &migrate].concat());
    }
}

pub(crate) fn flags_lint_knows_the_flags_of_the_program_flag_1(database: &EmptyDatabase) {
    drop(Replica::start(database));
    command(database, &["flags", "lint"]);
    let folder = tempfile::tempdir().unwrap();
    let flags = "captcha: {enabled: false}\nunused_page: {enabled: true}\ngreetings: {enabled: true, apis: [\"GET /helloworld/{name}\"]}\n";
    std::fs::write(folder.path().join("features.yaml"), flags).unwrap();
    let directory = format!("features.directory={}", folder.path().display());
    let ran = try_command(database, &["flags", "lint", "--set", &directory]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(!ran.status.success(), "{text}");
    let findings = text
        .lines()
        .filter(|line| line.contains("does not declare"));
    let findings: Vec<_> = findings.collect();
    assert!(
        matches!(findings.as_slice(), [one] if one.starts_with("unused_page: ")),
        "{text}"
    );
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
        assert_failed(&try_command(database, arguments), problem);
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
    // A session and an API key each are access that the command ends, with an entry.
    for lost in [
        "DELETE FROM account_api_keys",
        "DELETE FROM account_sessions",
    ] {
        let (token, _) = tokens(&replica.login("ada", PASSWORD));
        let (_, own) = key(&replica, &token);
        execute(database, lost);
        execute(
            database,
            "UPDATE users SET status = 'disabled' WHERE status = 'active'",
        );
        let before = audited(database).len();
        command(database, &["users", "disable", "ada"]);
        let logged = audited(database);
        let (action, _) = logged.last().unwrap();
        assert_eq!(
            (logged.len(), action.as_str()),
            (before + 1, "user.disable")
        );
        let repeated = try_command(database, &["users", "disable", "ada"]);
        assert_failed(&repeated, "ada is already disabled");
        assert_eq!(audited(database), logged);
        command(database, &["users", "enable", "ada"]);
        assert_eq!(replica.call("GET", FEATURES, &token, "").status, 401);
        assert_eq!(with_key(&replica, "GET", FEATURES, &own, "").status, 401);
    }
}

pub(crate) fn unlock_ends_the_lock_of_an_account_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (access, _) = replica.user("ada");
    let (secret, _) = enable(&replica, &access);
    for _ in 0..5 {
        let wrong = replica.login("ada", "wrong4password");
        assert_error(&wrong, 401, "PASSWORD_INCORRECT");
    }
    assert_error(&replica.login("ada", PASSWORD), 403, "ACCOUNT_LOCKED");
    command(database, &["users", "unlock", "ADA"]);
    // Each wait is longer than the previous one, so a slow machine meets one of them too.
    let mut wrong = (0..20).map(|_| login_with_code(&replica, "000000"));
    let locked = wrong.find(|answer| answer.status != 401).unwrap();
    assert_error(&locked, 429, "RATE_LIMITED");
    command(database, &["users", "unlock", "ada"]);
    tokens(&login_with_code(&replica, &code(&secret, 1)));
    let before = audited(database);
    let unlocks = before.iter().filter(|(action, _)| action == "user.unlock");
    assert_eq!(unlocks.count(), 2, "{before:?}");
    let repeated = try_command(database, &["users", "unlock", "ada"]);
    assert_failed(&repeated, "ada has no failed logins");
    assert_eq!(audited(database), before);
}

pub(crate) fn remove_totp_permits_logins_and_ends_access_auth_4(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (access, _) = replica.user("ada");
    let (_, access) = enable(&replica, &access);
    assert_error(&replica.login("ada", PASSWORD), 400, "TOTP_REQUIRED");
    let removed = try_command(database, &["users", "remove-totp", "ada"]);
    let shown = String::from_utf8_lossy(&removed.stdout);
    assert!(
        shown.contains("ada logs in without a second factor"),
        "{removed:?}"
    );
    let ended = replica.call("GET", "/api/v1/auth/profile", &access, "");
    assert_error(&ended, 401, "TOKEN_INVALID");
    let (access, _) = tokens(&replica.login("ada", PASSWORD));
    // An enrollment without a code is not a second factor.
    let enroll = json!({ "password": PASSWORD }).to_string();
    let enrolled = replica.call("POST", "/api/v1/auth/totp/enroll", &access, &enroll);
    assert_eq!(enrolled.status, 200, "{}", enrolled.body);
    let before = audited(database);
    let id = claims(&access)["sub"].as_str().unwrap().to_owned();
    assert_eq!(before.last(), Some(&("totp.remove".to_owned(), id)));
    let repeated = try_command(database, &["users", "remove-totp", "ada"]);
    assert_failed(&repeated, "ada has no second factor");
    assert_eq!(audited(database), before);
    let kept = replica.call("GET", "/api/v1/auth/profile", &access, "");
    assert_eq!(kept.status, 200, "{}", kept.body);
}

pub(crate) fn set_password_replaces_it_and_ends_access_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (access, refresh) = replica.user("ada");
    // A thief of the password has begun an enrollment, and locks the account.
    let enroll = json!({ "password": PASSWORD }).to_string();
    let enrolled = replica.call("POST", "/api/v1/auth/totp/enroll", &access, &enroll);
    let secret = json_of(&enrolled)["secret"].as_str().unwrap().to_owned();
    for weak in ["short1", "only letters here", "ada5weather", ""] {
        let ran = set_password(database, "ada", weak);
        assert!(!ran.status.success(), "{weak}: {ran:?}");
    }
    let profile = |token: &str| replica.call("GET", "/api/v1/auth/profile", token, "");
    assert_eq!(profile(&access).status, 200);
    for _ in 0..5 {
        replica.login("ada", "wrong4password");
    }
    let new = remembered("marvelous7climate");
    let ran = set_password(database, "ada", &new);
    assert!(ran.status.success(), "{ran:?}");
    let shown = [ran.stdout, ran.stderr].concat();
    assert!(!String::from_utf8_lossy(&shown).contains(&new));
    assert_error(&profile(&access), 401, "TOKEN_INVALID");
    assert_error(&replica.refresh(&refresh), 401, "REFRESH_TOKEN_INVALID");
    assert_error(&replica.login("ada", PASSWORD), 401, "PASSWORD_INCORRECT");
    let (access, _) = tokens(&replica.login("ada", &new));
    let confirm = json!({ "totp_code": code(&secret, 0) }).to_string();
    let confirmed = replica.call("POST", "/api/v1/auth/totp/confirm", &access, &confirm);
    assert_error(&confirmed, 401, "TOTP_INVALID");
    let id = claims(&access)["sub"].as_str().unwrap().to_owned();
    let entries = ["user.create", "password.set"].map(|action| (action.to_owned(), id.clone()));
    assert_eq!(audited(database), entries);
    let unknown = set_password(database, "eve", &new);
    assert_failed(&unknown, "there is no user with this name");
}

pub(crate) fn flags_command_changes_flags_of_replicas_flag_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    let set = ["flags", "set", "user.management", "off"];
    let author = ["--reason", "maintenance", "--actor", "ops"];
    command(database, &[&set[..], &author[..]].concat());
    let refused = || replica.register("eve").status == 403;
    crate::features::wait(refused);
    let audited = audited(database);
    let is_override = |(action, _): &(String, String)| action == "flag.override";
    assert!(audited.iter().any(is_override), "{audited:?}");
}
