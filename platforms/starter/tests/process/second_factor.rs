use seaworthy_testkit::{database::EmptyDatabase, http::HttpResponse};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, audited, json_of, tokens},
    logs::{code, remembered},
    sessions::claims,
};

pub(crate) fn login_with_code(replica: &Replica, code: &str) -> HttpResponse {
    let body = json!({ "username": "ada", "password": PASSWORD, "totp_code": code });
    replica.post("/api/v1/auth/login", &body)
}

/// Enables the second factor of a user. Returns its secret and the new access token.
pub(crate) fn enable(replica: &Replica, access: &str) -> (String, String) {
    let call = |step: &str, body: Value| {
        let path = format!("/api/v1/auth/totp/{step}");
        replica.call("POST", &path, access, &body.to_string())
    };
    let enrolled = json_of(&call("enroll", json!({ "password": PASSWORD })));
    let secret = remembered(enrolled["secret"].as_str().unwrap());
    // Users copy the code with spaces around it.
    let given = format!(" {} ", code(&secret, 0));
    let confirmed = call("confirm", json!({ "totp_code": given }));
    let recovery = &json_of(&confirmed)["recovery_codes"];
    assert_eq!(recovery.as_array().unwrap().len(), 10, "{recovery}");
    for code in recovery.as_array().unwrap() {
        remembered(code.as_str().unwrap());
    }
    (secret, tokens(&confirmed).0)
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
    let secret = &remembered(enrolled["secret"].as_str().unwrap());
    assert!(
        enrolled["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/Starter:ada?")
    );
    // It takes effect by its first code.
    tokens(&login_with_code(&second, ""));
    assert_error(
        &call("confirm", json!({ "totp_code": "000000" })),
        401,
        "TOTP_INVALID",
    );
    let confirmed = json_of(&call("confirm", json!({ "totp_code": code(secret, 0) })));
    let recovery = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(recovery.len(), 10, "{confirmed}");

    let access = confirmed["access_token"].as_str().unwrap();
    assert_error(&login_with_code(&second, ""), 400, "TOTP_REQUIRED");
    assert_error(&login_with_code(&second, "000000"), 401, "TOTP_INVALID");
    // The next step is within the tolerance, and each code counts once.
    let next = code(secret, 1);
    tokens(&login_with_code(&second, &next));
    assert_error(&login_with_code(&first, &next), 401, "TOTP_INVALID");
    let spare = &remembered(recovery[0].as_str().unwrap());
    tokens(&login_with_code(&first, spare));
    assert_error(&login_with_code(&second, spare), 401, "TOTP_INVALID");

    let disable = json!({ "password": PASSWORD, "totp_code": recovery[1] });
    let path = "/api/v1/auth/totp/disable";
    let disabled = second.call("POST", path, access, &disable.to_string());
    assert_eq!(json_of(&disabled)["success"], true, "{}", disabled.body);
    tokens(&login_with_code(&second, ""));
}

pub(crate) fn enabled_second_factor_ends_other_sessions_auth_4(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (access, refresh) = first.user("ada");
    // An attacker knows the password.
    let (foreign, foreign_refresh) = tokens(&second.login("ada", PASSWORD));
    let (_, new) = enable(&first, &access);
    for token in [&access, &foreign] {
        let refused = second.call("GET", "/api/v1/auth/profile", token, "");
        assert_error(&refused, 401, "TOKEN_INVALID");
    }
    for token in [&refresh, &foreign_refresh] {
        assert_error(&second.refresh(token), 401, "REFRESH_TOKEN_INVALID");
    }
    let own = second.call("GET", "/api/v1/auth/profile", &new, "");
    assert_eq!(own.status, 200, "{}", own.body);
}

pub(crate) fn changes_of_accounts_are_audited_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (access, _) = replica.user("ada");
    let (secret, access) = enable(&replica, &access);
    let disable = json!({ "password": PASSWORD, "totp_code": code(&secret, 1) });
    let path = "/api/v1/auth/totp/disable";
    let disabled = replica.call("POST", path, &access, &disable.to_string());
    assert_eq!(disabled.status, 200, "{}", disabled.body);
    let id = claims(&access)["sub"].as_str().unwrap().to_owned();
    let entries = ["user.create", "totp.enable", "totp.disable"];
    let entries = entries.map(|action| (action.to_owned(), id.clone()));
    assert_eq!(audited(database), entries);
}
