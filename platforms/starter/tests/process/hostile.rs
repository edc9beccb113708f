//! Requests of hostile clients.

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, json_of},
    features::{call, users, wait},
};

pub(crate) fn nul_characters_never_cause_server_errors_sec_4(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (admin, _) = users(database, &replica);
    let key = json!({ "name": "a\0b", "scopes": ["feature:read"], "password": PASSWORD });
    let keys = "/api/v1/auth/api-keys";
    let created = replica.call("POST", keys, &admin, &key.to_string());
    assert_error(&created, 400, "VALIDATION_FAILED");
    let flag = json!({ "reason": "a\0b", "config": { "enabled": true, "description": "a\0b",
        "tags": ["\0"] } });
    let context = json!({ "context": { "user_id": "\0", "attributes": { "\0": "\0" } } });
    let code = json!({ "captcha_id": "\0", "captcha_code": "\0" });
    let login = json!({ "username": "a\0b", "password": "\0", "totp_code": "\0" });
    for (method, path, body) in [
        ("DELETE", "/api/v1/auth/api-keys/a%00b", Value::Null),
        ("GET", "/api/v1/operations?user_id=a%00b", Value::Null),
        ("GET", "/api/v1/auth/lock-status/a%00b", Value::Null),
        ("GET", "/api/v1/features/a%00b", Value::Null),
        ("PUT", "/api/v1/features/new_page", flag),
        ("POST", "/api/v1/features/new_page/evaluate", context),
        ("POST", "/api/v1/auth/captcha/verify", code),
        ("POST", "/api/v1/auth/login", login),
        (
            "POST",
            "/api/v1/auth/refresh",
            json!({ "refresh_token": "\0" }),
        ),
    ] {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = replica.call(method, path, &admin, &body);
        assert!(answer.status < 500, "{method} {path}: {}", answer.body);
    }
}

pub(crate) fn flag_without_a_rule_of_its_strategy_is_rejected_flag_1(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (admin, _) = users(database, &replica);
    for (strategy, rules) in [
        ("PERCENTAGE", json!({})),
        ("PERCENTAGE", json!({ "whitelist": "[\"ada\"]" })),
        ("TIME", json!({})),
        ("ENVIRONMENT", json!({ "version_range": "{}" })),
        (
            "USER",
            json!({ "attributes": "{\"plan\":{\"name\":\"team\"}}" }),
        ),
    ] {
        let config = json!({ "enabled": true, "strategy": strategy, "rules": rules });
        let body = json!({ "config": config });
        let refused = call(&replica, &admin, "PUT", "/new_page", &body);
        assert_error(&refused, 400, "INVALID_FLAG");
        let unknown = call(&replica, &admin, "GET", "/new_page", &Value::Null);
        assert_error(&unknown, 404, "FLAG_NOT_FOUND");
    }
}

pub(crate) fn growing_rule_of_a_flag_does_not_end_the_service_flag_1(database: &EmptyDatabase) {
    let replicas = [(); 2].map(|()| Replica::start(database));
    let (admin, _) = users(database, &replicas[0]);
    // Each step doubles a text.
    let steps: Vec<u32> = (0..60).collect();
    let twice = json!({ "cat": [{ "var": "accumulator" }, { "var": "accumulator" }] });
    let rule = json!({ "!=": [{ "reduce": [steps, twice, "ab"] }, ""] });
    let rules = json!({ "environments": "[\"test\"]", "targeting": rule.to_string() });
    let config = json!({ "enabled": true, "strategy": "ENVIRONMENT", "rules": rules });
    let body = json!({ "config": config });
    let stored = call(&replicas[0], &admin, "PUT", "/new_page", &body);
    assert_eq!(stored.status, 200, "{}", stored.body);
    wait(|| call(&replicas[1], &admin, "GET", "/new_page", &Value::Null).status == 200);
    for replica in &replicas {
        let context = json!({ "context": { "environment": "test" } });
        let answer = call(replica, &admin, "POST", "/new_page/evaluate", &context);
        assert_eq!(json_of(&answer)["enabled"], false, "{}", answer.body);
    }
}
