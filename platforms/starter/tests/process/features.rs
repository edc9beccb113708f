use std::{
    cell::Cell,
    fs,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, Instant},
};

use seaworthy_testkit::{database::EmptyDatabase, eventually, http::HttpResponse, once_within};
use serde_json::{Value, json};

use crate::app::{PASSWORD, Replica, assert_error, grant_admin, json_of, tokens};

const PATH: &str = "/api/v1/features";
/// The time until a change is in effect on all replicas.
const MAX_DELAY: Duration = Duration::from_secs(2);

/// Returns the tokens of an administrator and of another user.
pub(crate) fn users(database: &EmptyDatabase, replica: &Replica) -> (String, String) {
    let (other, _) = replica.user("ada");
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    (admin, other)
}

pub(crate) fn call(
    replica: &Replica,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> HttpResponse {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    replica.call(method, &format!("{PATH}{path}"), token, &body)
}

/// Runs a test with a runtime, for waiting.
pub(crate) fn wait(holds: impl Fn() -> bool) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || holds()));
}

pub(crate) fn toggles_change_on_all_replicas_with_permission_flag_1(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, other) = users(database, &first);
    let refused = call(&first, &other, "GET", "", &Value::Null);
    assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
    let missing = call(&first, &admin, "GET", "/new_page", &Value::Null);
    assert_error(&missing, 404, "FLAG_NOT_FOUND");
    let stats = || json_of(&call(&second, &admin, "GET", "/stats", &Value::Null));
    let number = |stats: &Value, name: &str| stats[name].as_i64().unwrap();
    let before = stats();
    assert_eq!(number(&before, "total_toggles"), 26, "{before}");

    let config = json!({
        "enabled": true, "strategy": "USER", "description": "the new page", "tags": ["web"],
        "rules": { "whitelist": "[\"7\"]", "user_types": "[\"internal\"]" },
    });
    let update = json!({ "config": config, "reason": "launch" });
    let forbidden = call(&second, &other, "PUT", "/new_page", &update);
    assert_error(&forbidden, 403, "INSUFFICIENT_PERMISSION");
    let updated = call(&second, &admin, "PUT", "/new_page", &update);
    let toggle = json_of(&updated)["toggle"].clone();
    assert_eq!(
        toggle["config"]["rules"], config["rules"],
        "{}",
        updated.body
    );
    assert_eq!(toggle["config"]["strategy"], "USER");
    assert!(toggle["config"]["created_at"].is_string(), "{toggle}");

    let decision = |replica: &Replica, user: &str| {
        let body = json!({ "context": { "user_id": user } });
        let answer = json_of(&call(replica, &admin, "POST", "/new_page/evaluate", &body));
        (
            answer["enabled"] == true,
            answer["reason"].as_str().unwrap_or_default().to_owned(),
        )
    };
    for replica in [&first, &second] {
        wait(|| decision(replica, "7") == (true, "user_allowed".to_owned()));
        assert_eq!(
            decision(replica, "8"),
            (false, "user_not_allowed".to_owned())
        );
    }
    let unknown = call(&first, &admin, "POST", "/nothing/evaluate", &json!({}));
    assert_eq!(json_of(&unknown)["reason"], "unknown_flag");

    // A change of an older version is rejected.
    let stale = json!({ "config": config, "expected_version": "0" });
    assert_error(
        &call(&second, &admin, "PUT", "/new_page", &stale),
        409,
        "VERSION_CONFLICT",
    );
    let version = json!({ "expected_version": "0" });
    for (method, path, body) in [
        ("POST", "/new_page/enable", &version),
        ("POST", "/new_page/disable", &version),
        ("DELETE", "/new_page?expected_version=0", &Value::Null),
    ] {
        let stale = call(&second, &admin, method, path, body);
        assert_error(&stale, 409, "VERSION_CONFLICT");
    }
    let bad = json!({ "config": { "enabled": true, "strategy": "PERCENTAGE", "rules": { "percentage": "130" } } });
    assert_error(
        &call(&second, &admin, "PUT", "/other", &bad),
        400,
        "INVALID_FLAG",
    );
    let simple = json!({ "config": { "enabled": true } });
    assert_eq!(call(&second, &admin, "PUT", "/stats", &simple).status, 405);

    let disabled = call(&second, &admin, "POST", "/new_page/disable", &json!({}));
    let changed = json_of(&disabled)["toggle"]["config"].clone();
    assert_eq!(changed["enabled"], false, "{}", disabled.body);
    assert_eq!(changed["created_at"], toggle["config"]["created_at"]);
    assert_ne!(changed["updated_at"], toggle["config"]["updated_at"]);
    wait(|| decision(&first, "7") == (false, "feature_disabled".to_owned()));
    let after = stats();
    for name in ["total_toggles", "disabled_count"] {
        assert_eq!(number(&after, name), number(&before, name) + 1, "{after}");
    }
    let users = |stats: &Value| number(&stats["strategies"], "user");
    assert_eq!(users(&after), users(&before) + 1, "{after}");
    call(&second, &admin, "POST", "/new_page/enable", &json!({}));
    let listed = json_of(&call(
        &second,
        &admin,
        "GET",
        "?tags=web&enabled_only=true",
        &Value::Null,
    ));
    assert_eq!(
        (&listed["total"], &listed["page_size"]),
        (&1.into(), &20.into()),
        "{listed}"
    );
    let none = json_of(&call(&second, &admin, "GET", "?tags=api", &Value::Null));
    assert_eq!(none["total"], 0);

    let deleted = call(&second, &admin, "DELETE", "/new_page", &Value::Null);
    assert_eq!(json_of(&deleted)["success"], true, "{}", deleted.body);
    wait(|| decision(&first, "7") == (false, "unknown_flag".to_owned()));
    // A deleted flag has the version of a new one.
    let again = call(&first, &admin, "PUT", "/new_page", &stale);
    assert_eq!(again.status, 200, "{}", again.body);
}

/// Returns a flag file with a percentage of users.
fn rollout(percentage: &str) -> String {
    format!(
        "rollout:\n  enabled: true\n  strategy: percentage\n  rules:\n    percentage: {percentage}\n"
    )
}

/// Starts two replicas with the flag files of a folder. Returns them with a token of an
/// administrator.
fn replicas_on(database: &EmptyDatabase, folder: &Path) -> ([Replica; 2], String) {
    let directory = format!("features.directory={}", folder.display());
    let replicas = [(); 2].map(|()| Replica::start_with(database, &[&directory]));
    let (admin, _) = users(database, &replicas[0]);
    (replicas, admin)
}

/// Turns the flag `rollout` off and on by a change. Asserts that both replicas follow in time.
#[track_caller]
fn assert_in_effect(replicas: &[Replica; 2], admin: &str, change: impl Fn(bool)) {
    let body = json!({ "context": { "user_id": "7" } });
    let decide = |expected: bool| {
        replicas.iter().all(|replica| {
            let decided = call(replica, admin, "POST", "/rollout/evaluate", &body);
            json_of(&decided)["enabled"] == expected
        })
    };
    let follow = async |_: u32| {
        change(false);
        eventually(async || decide(false)).await;
        change(true);
        let changed = Instant::now();
        eventually(async || decide(true)).await;
        changed.elapsed()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(once_within(MAX_DELAY, follow));
}

pub(crate) fn renamed_flag_file_takes_effect_within_two_seconds_flag_1(database: &EmptyDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let write = |percentage: &str| {
        let next = folder.path().join("next");
        fs::write(&next, rollout(percentage)).unwrap();
        fs::rename(&next, folder.path().join("features.yaml")).unwrap();
    };
    write("0");
    let (replicas, admin) = replicas_on(database, folder.path());
    // A whole number and a decimal fraction are the same percentage.
    for all in ["100", "100.0"] {
        assert_in_effect(&replicas, &admin, |is_on| {
            write(if is_on { all } else { "0" });
        });
    }
    // An operator changes the flag at the first replica.
    assert_in_effect(&replicas, &admin, |is_on| {
        let action = if is_on { "enable" } else { "disable" };
        let path = format!("/rollout/{action}");
        let changed = call(&replicas[0], &admin, "POST", &path, &json!({}));
        assert_eq!(changed.status, 200, "{}", changed.body);
    });
}

#[test]
fn flag_follows_writes_layers_and_volumes_flag_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let percentage = |is_on| rollout(if is_on { "100" } else { "0" });
    let file = path("features.yaml");
    fs::write(&file, percentage(false)).unwrap();
    let database = EmptyDatabase::sqlite().unwrap();
    let (replicas, admin) = replicas_on(&database, folder.path());
    // Written in place.
    assert_in_effect(&replicas, &admin, |is_on| {
        fs::write(&file, percentage(is_on)).unwrap();
    });
    // A layer above the file, created and removed.
    fs::write(&file, percentage(false)).unwrap();
    let layer = path("features-oem.yaml");
    assert_in_effect(&replicas, &admin, |is_on| match is_on {
        true => {
            let text = percentage(true).replace('\n', "\n  ");
            fs::write(&layer, format!("features:\n  {text}")).unwrap();
        }
        false => {
            let _ = fs::remove_file(&layer);
        }
    });
    fs::remove_file(&layer).unwrap();
    // A volume of Kubernetes: one rename of `..data` replaces all files.
    let version = Cell::new(0);
    let swap = |is_on| {
        version.set(version.get() + 1);
        let version = format!("..{}", version.get());
        fs::create_dir(path(&version)).unwrap();
        fs::write(path(&version).join("features.yaml"), percentage(is_on)).unwrap();
        symlink(version, path("..data_tmp")).unwrap();
        fs::rename(path("..data_tmp"), path("..data")).unwrap();
    };
    swap(false);
    fs::remove_file(&file).unwrap();
    symlink("..data/features.yaml", &file).unwrap();
    assert_in_effect(&replicas, &admin, swap);
}

/// The flags of the contract that a service knows from its start.
const KNOWN: [&str; 26] = [
    "user.management",
    "user.profile",
    "user.security",
    "system.config",
    "system.monitoring",
    "report.basic",
    "report.advanced",
    "captcha",
    "totp",
    "password_policy",
    "account_lockout",
    "rate_limit",
    "api_versioning",
    "swagger_ui",
    "data_encryption",
    "audit_log",
    "sensitive_data",
    "plugin_system",
    "plugin_sandbox",
    "metrics",
    "tracing",
    "health_check",
    "new_user_dashboard",
    "holiday_theme",
    "beta_features",
    "debug_mode",
];

pub(crate) fn flags_of_the_contract_are_known_without_a_file_flag_1(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (admin, _) = users(database, &replica);
    let listed = json_of(&call(
        &replica,
        &admin,
        "GET",
        "?page_size=100",
        &Value::Null,
    ));
    let mut known = KNOWN;
    known.sort_unstable();
    let names = listed["toggles"].as_array().unwrap().iter();
    let names: Vec<_> = names
        .map(|toggle| toggle["flag"].as_str().unwrap())
        .collect();
    assert_eq!(names, known);
    let decision = |flag: &str, context: Value| {
        let body = json!({ "context": context });
        json_of(&call(
            &replica,
            &admin,
            "POST",
            &format!("/{flag}/evaluate"),
            &body,
        ))["enabled"]
            == true
    };
    assert!(decision("debug_mode", json!({})));
    assert!(decision(
        "beta_features",
        json!({ "user_id": "7", "user_type": "internal" })
    ));
    assert!(!decision(
        "beta_features",
        json!({ "user_id": "7", "user_type": "guest" })
    ));

    // A security part stays on, and so does a part that is not a module.
    for flag in [
        "data_encryption",
        "health_check",
        "sensitive_data",
        "api_versioning",
        "plugin_sandbox",
        "system.config",
        "system.monitoring",
    ] {
        let refused = call(
            &replica,
            &admin,
            "POST",
            &format!("/{flag}/disable"),
            &json!({}),
        );
        assert_error(&refused, 400, "FLAG_ALWAYS_ON");
        let path = format!("/{flag}");
        let refused = call(&replica, &admin, "DELETE", &path, &Value::Null);
        assert_error(&refused, 400, "FLAG_ALWAYS_ON");
    }
}

pub(crate) fn update_keeps_variants_that_it_cannot_express_flag_1(database: &EmptyDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let text = "colour:\n  state: ENABLED\n  variants: {red: r, blue: b}\n  defaultVariant: red\n";
    fs::write(folder.path().join("features.yaml"), text).unwrap();
    let directory = format!("features.directory={}", folder.path().display());
    let replica = Replica::start_with(database, &[&directory]);
    let (admin, _) = users(database, &replica);
    let get = || json_of(&call(&replica, &admin, "GET", "/colour", &Value::Null))["toggle"].clone();
    let before = get();
    let update = json!({ "config": before["config"], "expected_version": before["version"] });
    let refused = call(&replica, &admin, "PUT", "/colour", &update);
    assert_error(&refused, 409, "FLAG_NOT_EDITABLE");
    assert_eq!(get(), before);
    let disabled = call(&replica, &admin, "POST", "/colour/disable", &json!({}));
    assert_eq!(disabled.status, 200, "{}", disabled.body);
    let rules = &before["config"]["rules"];
    assert!(rules["variants"].is_string(), "{rules}");
    assert_eq!(get()["config"]["rules"]["variants"], rules["variants"]);
}
