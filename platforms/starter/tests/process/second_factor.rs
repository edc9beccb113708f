use seaworthy_testkit::{database::EmptyDatabase, totp::code};
use serde_json::{Value, json};

use crate::app::{PASSWORD, Replica, assert_error, json_of, tokens};

fn login(replica: &Replica, code: &str) -> seaworthy_testkit::http::Answer {
    let body = json!({ "username": "ada", "password": PASSWORD, "totp_code": code });
    replica.post("/api/v1/auth/login", &body)
}

/// Enables the second factor of a user.
pub(crate) fn enable(replica: &Replica, access: &str) {
    let call = |step: &str, body: Value| {
        let path = format!("/api/v1/auth/totp/{step}");
        json_of(&replica.call("POST", &path, access, &body.to_string()))
    };
    let enrolled = call("enroll", json!({ "password": PASSWORD }));
    let secret = enrolled["secret"].as_str().unwrap();
    let confirmed = call("confirm", json!({ "totp_code": code(secret, 0) }));
    assert!(confirmed["recovery_codes"].is_array(), "{confirmed}");
}

pub(crate) fn login_needs_the_second_factor_once_enabled_auth_4(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (access, _) = first.user("ada");
    let call = |step: &str, body: Value| {
        let path = format!("/api/v1/auth/totp/{step}");
        first.call("POST", &path, &access, &body.to_string())
    };
    let wrong = call("enroll", json!({ "password": "wrong4password" }));
    assert_error(&wrong, 401, "PASSWORD_INCORRECT");
    let enrolled = json_of(&call("enroll", json!({ "password": PASSWORD })));
    let secret = enrolled["secret"].as_str().unwrap();
    assert!(
        enrolled["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/Starter:ada?")
    );
    // It takes effect by its first code.
    tokens(&login(&second, ""));
    assert_error(
        &call("confirm", json!({ "totp_code": "000000" })),
        401,
        "TOTP_INVALID",
    );
    let confirmed = json_of(&call("confirm", json!({ "totp_code": code(secret, 0) })));
    let recovery = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(recovery.len(), 10, "{confirmed}");

    assert_error(&login(&second, ""), 400, "TOTP_REQUIRED");
    assert_error(&login(&second, "000000"), 401, "TOTP_INVALID");
    // The next step is within the tolerance, and each code counts once.
    let next = code(secret, 1);
    tokens(&login(&second, &next));
    assert_error(&login(&first, &next), 401, "TOTP_INVALID");
    let spare = recovery[0].as_str().unwrap();
    tokens(&login(&first, spare));
    assert_error(&login(&second, spare), 401, "TOTP_INVALID");

    let disable = json!({ "password": PASSWORD, "totp_code": recovery[1] });
    assert_eq!(json_of(&call("disable", disable))["success"], true);
    tokens(&login(&second, ""));
}
