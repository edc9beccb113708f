//! Methods that flags govern.

use std::fs;

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{PASSWORD, Replica, assert_error, json_of},
    features::{call, users, wait},
    operations::entries,
};

pub(crate) fn flags_of_the_service_switch_its_methods_flag_1(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, user) = users(database, &first);
    let profile = || second.call("GET", "/api/v1/auth/profile", &user, "");
    let operations = || second.call("GET", "/api/v1/operations", &admin, "");
    let enroll = || {
        let body = json!({ "password": PASSWORD }).to_string();
        second.call("POST", "/api/v1/auth/totp/enroll", &user, &body)
    };
    let put = |flag: &str, enabled: bool| {
        let config = json!({ "config": { "enabled": enabled } });
        let changed = call(&first, &admin, "PUT", &format!("/{flag}"), &config);
        assert_eq!(changed.status, 200, "{}", changed.body);
    };
    assert_eq!(profile().status, 200);
    let flags = [
        "user.management",
        "user.profile",
        "user.security",
        "report.basic",
    ];
    for flag in flags {
        put(flag, false);
    }
    wait(|| operations().status == 503);
    for answer in [profile(), enroll(), second.register("eve")] {
        assert_error(&answer, 403, "FEATURE_DISABLED");
        let body = json_of(&answer);
        assert_eq!(
            (&body["code"], &body["error_code"]),
            (&"FEATURE_DISABLED".into(), &30_003.into())
        );
    }
    assert_error(&operations(), 503, "FEATURE_UNAVAILABLE");
    assert_eq!(json_of(&operations())["code"], "SERVICE_UNAVAILABLE");
    for flag in flags {
        put(flag, true);
    }
    wait(|| operations().status == 200);
    for answer in [profile(), enroll(), second.register("eve")] {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

pub(crate) fn flag_turns_rate_limit_off_and_on_flag_2(database: &EmptyDatabase) {
    let first = Replica::start(database);
    let limits = [
        "auth.login_rate_limit.enabled=true",
        "auth.login_rate_limit.requests=2",
        // With Redis, the second replica counts apart from the first one.
        "data.redis.prefix=second",
    ];
    let second = Replica::start_with(database, &limits);
    let (admin, _) = users(database, &first);
    let login = || second.login("", "").status;
    assert_eq!([login(), login(), login()], [400, 400, 429]);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(&first, &admin, "PUT", "/rate_limit", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
    wait(|| login() == 400);
    assert_eq!([login(), login(), login()], [400; 3]);
    call(&first, &admin, "POST", "/rate_limit/enable", &json!({}));
    wait(|| login() == 429);
}

/// A folder with a flag file.
struct FlagFile(TempDir);

impl FlagFile {
    fn new(text: &str) -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        file.replace(text);
        file
    }

    /// Replaces the file in one step, as deployments do.
    fn replace(&self, text: &str) {
        let next = self.0.path().join("next");
        fs::write(&next, text).unwrap();
        fs::rename(&next, self.0.path().join("features.yaml")).unwrap();
    }

    fn start(&self, database: &EmptyDatabase) -> Replica {
        let directory = format!("features.directory={}", self.0.path().display());
        Replica::start_with(database, &[&directory])
    }
}

#[test]
fn required_flag_makes_only_its_apis_available_flag_1() {
    let database = EmptyDatabase::sqlite().unwrap();
    let file =
        FlagFile::new("user.profile: {enabled: true, apis: [\"GET /api/v2/auth/profile\"]}\n");
    let mut replica = file.start(&database);
    let warning = "lists an API that the service does not serve";
    let line = replica.process.line(warning).unwrap();
    assert!(line.contains("GET /api/v2/auth/profile"), "{line}");
    let (user, _) = replica.user("ada");
    let answer = replica.call("GET", "/api/v1/auth/profile", &user, "");
    assert_error(&answer, 403, "API_DISABLED");
    assert_eq!(json_of(&answer)["code"], "FEATURE_DISABLED");
}

#[test]
fn flag_governs_the_apis_that_it_lists_flag_1() {
    let database = EmptyDatabase::sqlite().unwrap();
    let text = |enabled: bool| {
        format!(
            "greetings:\n  enabled: {enabled}\n  capabilities: {{apis: [\"HEAD /helloworld/{{person}}\"]}}\n"
        )
    };
    let file = FlagFile::new(&text(false));
    let replica = file.start(&database);
    let greet = || replica.send("GET", "/helloworld/Ada", "").unwrap();
    assert_error(&greet(), 403, "FEATURE_DISABLED");
    assert_eq!(json_of(&greet())["code"], "FEATURE_DISABLED");
    let (admin, _) = users(&database, &replica);
    file.replace(&text(true));
    wait(|| greet().status == 200);

    // A change through the API keeps the list.
    turn_off(&replica, &admin);
    assert_error(&greet(), 403, "FEATURE_DISABLED");
}

#[test]
fn file_lists_the_apis_of_a_changed_flag_flag_1() {
    let database = EmptyDatabase::sqlite().unwrap();
    let file = FlagFile::new("greetings: {enabled: true, apis: [\"GET /helloworld/{name}\"]}\n");
    let replica = file.start(&database);
    let (admin, _) = users(&database, &replica);
    turn_off(&replica, &admin);
    let list = || replica.call("GET", "/api/v1/features", &admin, "");
    assert_eq!(list().status, 200);
    file.replace("greetings: {enabled: true, apis: [\"GET /api/v1/features\"]}\n");
    wait(|| list().status == 403);
}

#[test]
fn deleted_flag_keeps_its_apis_closed_flag_1() {
    let database = EmptyDatabase::sqlite().unwrap();
    let file = FlagFile::new("greetings: {enabled: false, apis: [\"GET /helloworld/{name}\"]}\n");
    let replica = file.start(&database);
    let (admin, user) = users(&database, &replica);
    let greet = || replica.send("GET", "/helloworld/Ada", "").unwrap();
    let profile = || replica.call("GET", "/api/v1/auth/profile", &user, "");
    let description = || replica.send("GET", "/q/openapi.json", "").unwrap().status;
    assert_error(&greet(), 403, "FEATURE_DISABLED");
    assert_eq!((profile().status, description()), (200, 200));
    for flag in ["greetings", "user.profile", "swagger_ui"] {
        let path = format!("/{flag}");
        let deleted = call(&replica, &admin, "DELETE", &path, &Value::Null);
        assert_eq!(deleted.status, 200, "{}", deleted.body);
    }
    let last = entries(&replica, &admin, "").pop().unwrap();
    let after: Value = serde_json::from_str(last["after"].as_str().unwrap()).unwrap();
    assert_eq!(after["enabled"], false, "{last}");
    assert_error(&greet(), 403, "FEATURE_DISABLED");
    assert_error(&profile(), 403, "FEATURE_DISABLED");
    assert_eq!(description(), 404);

    let enabled = call(&replica, &admin, "POST", "/greetings/enable", &json!({}));
    assert_eq!(enabled.status, 200, "{}", enabled.body);
    assert_eq!(greet().status, 200);
}

/// Turns the flag `greetings` off through the API.
fn turn_off(replica: &Replica, admin: &str) {
    let off = json!({ "config": { "enabled": false } });
    let changed = call(replica, admin, "PUT", "/greetings", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
}
