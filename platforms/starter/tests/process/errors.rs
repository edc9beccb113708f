use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::app::{PASSWORD, Replica, assert_error, json_of};

#[test]
fn errors_have_the_form_of_the_contract_api_2() {
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    let body = json!({ "username": "1x", "password": PASSWORD });
    let answer = replica.post("/api/v1/auth/register", &body);
    assert_error(&answer, 400, "VALIDATION_FAILED");
    let body = json_of(&answer);
    assert_eq!(
        (&body["status"], &body["code"]),
        (&400.into(), &"VALIDATION_ERROR".into())
    );
    assert_eq!(body["message"], body["detail"]);
    assert_eq!(body["error_code"], 20_000);
    assert_eq!(body["trace_id"].as_str().unwrap().len(), 32, "{body}");
    assert_eq!(body["field_errors"][0]["field"], "username", "{body}");
    assert!(!body.to_string().contains(PASSWORD), "{body}");

    let large = "a".repeat(3 << 20);
    let body = json!({ "username": "ada", "password": large });
    let answer = replica.post("/api/v1/auth/login", &body);
    assert_eq!(
        (answer.status, &json_of(&answer)["code"]),
        (413, &"INVALID_REQUEST".into())
    );

    let unknown = replica.send("GET", "/nothing", "").unwrap();
    assert_eq!(
        (unknown.status, json_of(&unknown)["code"].clone()),
        (404, json!("NOT_FOUND"))
    );
    for (password, user) in [
        ("short1", "ada"),
        ("onlyletters", "ada"),
        ("8264910375", "ada"),
        ("my4lovelace", "lovelace"),
    ] {
        let body = json!({ "username": user, "password": password });
        let answer = replica.post("/api/v1/auth/register", &body);
        assert_error(&answer, 400, "PASSWORD_WEAK");
        assert_eq!(json_of(&answer)["code"], "PASSWORD_WEAK");
    }
    // The contract has no list of common passwords.
    let body = json!({ "username": "ada", "password": "password1234" });
    let answer = replica.post("/api/v1/auth/register", &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn address_is_taken_in_any_form_api_3() {
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    let register = |username: &str, field: &str, address: &str| {
        let body = json!({ "username": username, "password": PASSWORD, field: address });
        replica.post("/api/v1/auth/register", &body)
    };
    assert_eq!(register("ada", "phone", "+33 6 12-34.56(78)").status, 200);
    assert_eq!(register("bob", "email", "Ada@Example.org").status, 200);
    assert_eq!(register("cleo", "phone", "13800001234").status, 200);
    for (field, address) in [
        ("phone", "+33612345678"),
        ("phone", "0033612345678"),
        ("phone", "+86 138 0000 1234"),
        ("phone", "0086-13800001234"),
        ("email", " ada@example.ORG"),
    ] {
        assert_error(&register("eve", field, address), 409, "USER_EXISTS");
    }
}

#[test]
fn logins_of_an_address_are_limited_res_6() {
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start_with(&database, &["auth.login_rate_limit.enabled=true"]);
    for _ in 0..10 {
        let answer = replica.login("", "");
        assert_error(&answer, 400, "VALIDATION_FAILED");
    }
    let refused = replica.login("", "");
    assert_error(&refused, 429, "RATE_LIMITED");
    assert_eq!(json_of(&refused)["code"], "QUOTA_EXCEEDED");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(refused.header("x-ratelimit-limit"), Some("10"));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    assert!(refused.header("x-ratelimit-reset").is_some(), "{refused:?}");
    assert_eq!(
        replica.send("GET", "/helloworld/Ada", "").unwrap().status,
        200
    );
}
