//! Flags that turn parts of the framework off and on.

use std::{fs, path::Path};

use seaworthy_testkit::{database::EmptyDatabase, deployment::Deployment, http::request};
use serde_json::json;

use crate::{
    app::{PASSWORD, Replica, assert_error, audited},
    contract_variables::PROGRAM,
    features::{call, users, wait},
    second_factor::enable,
};

pub(crate) fn framework_flag_switches_its_part_on_all_replicas_flag_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, _) = users(database, &first);
    let fail = |replica: &Replica| replica.login("bob", "wrong4password").status;
    let before: Vec<u16> = (0..6).map(|_| fail(&first)).collect();
    assert_eq!(before, [401, 401, 401, 401, 401, 403]);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(&first, &admin, "PUT", "/account_lockout", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
    for replica in [&first, &second] {
        wait(|| fail(replica) == 401);
    }
    call(
        &first,
        &admin,
        "POST",
        "/account_lockout/enable",
        &json!({}),
    );
    for replica in [&first, &second] {
        wait(|| fail(replica) == 403);
    }
}

/// Turns a flag off and on, and checks that the login of a user succeeds only while it is off.
fn assert_switches(admin: &str, [first, second]: [&Replica; 2], flag: &str, rejection: &str) {
    let path = format!("/{flag}");
    let login = || second.login("ada", PASSWORD);
    assert_error(&login(), 400, rejection);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(first, admin, "PUT", &path, &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
    wait(|| login().status == 200);
    call(first, admin, "POST", &format!("{path}/enable"), &json!({}));
    wait(|| login().status == 400);
    assert_error(&login(), 400, rejection);
}

pub(crate) fn flag_turns_captcha_off_and_on_flag_2(database: &EmptyDatabase) {
    let first = Replica::start(database);
    let second = Replica::start_with(database, &["auth.captcha_enabled=true"]);
    let (admin, _) = users(database, &first);
    assert_switches(&admin, [&first, &second], "captcha", "CAPTCHA_REQUIRED");
}

pub(crate) fn flag_turns_second_factor_off_and_on_flag_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, user) = users(database, &first);
    enable(&first, &user);
    assert_switches(&admin, [&first, &second], "totp", "TOTP_REQUIRED");
}

pub(crate) fn flag_turns_enrollments_off_and_on_flag_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, user) = users(database, &first);
    let enroll = || {
        let body = json!({ "password": PASSWORD }).to_string();
        second.call("POST", "/api/v1/auth/totp/enroll", &user, &body)
    };
    let confirm = || {
        let body = json!({ "totp_code": "000000" }).to_string();
        second.call("POST", "/api/v1/auth/totp/confirm", &user, &body)
    };
    assert_eq!(enroll().status, 200);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(&first, &admin, "PUT", "/totp", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
    wait(|| enroll().status == 403);
    assert_error(&enroll(), 403, "FEATURE_DISABLED");
    assert_error(&confirm(), 403, "FEATURE_DISABLED");
    call(&first, &admin, "POST", "/totp/enable", &json!({}));
    wait(|| enroll().status == 200);
}

pub(crate) fn flag_turns_audit_log_off_and_on_flag_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (admin, _) = users(database, &replica);
    let put = |flag: &str, enabled: bool| {
        let config = json!({ "config": { "enabled": enabled } });
        let changed = call(&replica, &admin, "PUT", &format!("/{flag}"), &config);
        assert_eq!(changed.status, 200, "{}", changed.body);
    };
    // The log has the change of its own flag, but not the next change.
    put("audit_log", false);
    put("unlogged", true);
    put("audit_log", true);
    put("logged", true);
    let logged = audited(database);
    let flags: Vec<_> = logged
        .iter()
        .filter(|(action, _)| action == "flag.define")
        .map(|(_, flag)| flag.as_str())
        .collect();
    assert_eq!(flags, ["audit_log", "logged"]);
}

pub(crate) fn flag_turns_password_policy_off_and_on_flag_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, _) = users(database, &first);
    let register = |username: &str| {
        let body = json!({ "username": username, "password": "short" });
        second.post("/api/v1/auth/register", &body).status
    };
    assert_eq!(register("bob"), 400);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(&first, &admin, "PUT", "/password_policy", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
    wait(|| register("bob") != 400);
    call(
        &first,
        &admin,
        "POST",
        "/password_policy/enable",
        &json!({}),
    );
    wait(|| register("eve") == 400);
}

pub(crate) fn flag_turns_documents_and_metrics_off_and_on_flag_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, _) = users(database, &first);
    let pages = || {
        let document = second.send("GET", "/q/openapi.json", "").unwrap().status;
        let page = second.send("GET", "/q/", "").unwrap().status;
        let metrics = request(second.admin, "GET", "/metrics", &[], "").unwrap();
        [document, page, metrics.status]
    };
    assert_eq!(pages(), [200, 200, 200]);
    for (enabled, expected) in [(false, 404), (true, 200)] {
        let config = json!({ "config": { "enabled": enabled } });
        for flag in ["swagger_ui", "metrics"] {
            let changed = call(&first, &admin, "PUT", &format!("/{flag}"), &config);
            assert_eq!(changed.status, 200, "{}", changed.body);
        }
        wait(|| pages() == [expected; 3]);
    }
}

#[test]
fn production_keeps_parts_that_protect_it_on_flag_2() {
    const TOKEN: &str = "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e";
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/starter");
    let deployment = Deployment::new(Path::new(PROGRAM)).unwrap();
    let deployment = deployment.with_config(&config).unwrap();
    deployment.secret("admin-token", TOKEN).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let flags = "account_lockout: {enabled: false}\n";
    fs::write(folder.path().join("features.yaml"), flags).unwrap();
    let directory = format!("features.directory={}", folder.path().display());
    let database = folder.path().join("data/starter.db");
    let database = format!("data.database.url=sqlite:{}", database.display());
    let settings = [
        "allow_embedded=true",
        "server.grpc.addr=127.0.0.1:0",
        &database,
        &directory,
    ];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    let production: Vec<&str> = ["--profile", "production"]
        .into_iter()
        .chain(settings)
        .collect();
    let migrate = [&["migrate", "up"], &production[..]].concat();
    let migrated = deployment.run(&migrate, &[]).unwrap();
    assert!(migrated.status.success(), "{migrated:#?}");
    let mut process = deployment.start(&production).unwrap();
    process.line("protects the service: it stays on").unwrap();
    process.line("\"message\":\"ready\"").unwrap();

    let (_, admin) = process.addresses().unwrap();
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-admin-request", "1"),
    ];
    let body = json!({ "variant": "off", "reason": "a test" }).to_string();
    let turn_off = |flag: &str| {
        let path = format!("/flags/{flag}/override");
        request(admin, "PUT", &path, &headers, &body).unwrap()
    };
    assert_error(&turn_off("account_lockout"), 403, "PROTECTED_FLAG");
    assert_eq!(turn_off("tracing").status, 200);
}
