//! Point 1 of section 20 of the contract in one run, on two replicas with captchas and limits.

use seaworthy_testkit::{database::EmptyDatabase, http::HttpResponse};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, json_of, tokens},
    captcha_answers::Stored,
    logs::{code, remembered},
};

/// Turns on what the other tests turn off. The limits are above the requests of the test.
pub(crate) const CAPTCHAS_AND_LIMITS: &[&str] = &[
    "auth.captcha_enabled=true",
    "auth.login_rate_limit.enabled=true",
    "auth.login_rate_limit.requests=100",
    "auth.public_rate_limit.enabled=true",
    "auth.public_rate_limit.requests=100",
    "server.http.rate_limit.enabled=true",
    "server.http.rate_limit.burst=100",
    "server.grpc.rate_limit.enabled=true",
];
const ANSWER: &str = "abc234";
pub(crate) const PROFILE: &str = "/api/v1/auth/profile";

/// Sends credentials with the answer to a new captcha, and further fields.
pub(crate) fn with_captcha(
    replica: &Replica,
    stored: &Stored,
    path: &str,
    fields: &Value,
) -> HttpResponse {
    let query = "/api/v1/auth/captcha?captcha_type=image";
    let issued = json_of(&replica.send("GET", query, "").unwrap());
    let id = issued["captcha_id"].as_str().unwrap();
    stored.replace_answer(id, &remembered(ANSWER));
    let mut body = json!({ "username": "ada", "password": PASSWORD, "captcha_id": id,
        "captcha_code": ANSWER });
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    replica.post(&format!("/api/v1/auth/{path}"), &body)
}

pub(crate) fn account_is_used_from_registration_to_lock_auth_2_auth_4(database: &EmptyDatabase) {
    let [first, second] = [(); 2].map(|()| Replica::start_with(database, CAPTCHAS_AND_LIMITS));
    let stored = Stored::open(database);
    let login = |replica: &Replica, fields: Value| with_captcha(replica, &stored, "login", &fields);
    let profile = |replica: &Replica, token: &str| replica.call("GET", PROFILE, token, "");

    // Register and log in, each with a captcha.
    assert_error(&first.register("ada"), 400, "CAPTCHA_REQUIRED");
    let registered = with_captcha(&first, &stored, "register", &json!({}));
    assert_eq!(registered.status, 200, "{}", registered.body);
    assert_error(&second.login("ada", PASSWORD), 400, "CAPTCHA_REQUIRED");
    let begun = login(&second, json!({}));
    assert!(begun.header("x-ratelimit-limit").is_some(), "{begun:?}");
    let (access, _) = tokens(&begun);

    // Enable the second factor, and log in with it.
    let call = |step: &str, body: Value| {
        let path = format!("/api/v1/auth/totp/{step}");
        json_of(&first.call("POST", &path, &access, &body.to_string()))
    };
    let enrolled = call("enroll", json!({ "password": PASSWORD }));
    let secret = &remembered(enrolled["secret"].as_str().unwrap());
    let confirmed = call("confirm", json!({ "totp_code": code(secret, 0) }));
    let recovery = remembered(confirmed["recovery_codes"][0].as_str().unwrap());
    assert_error(&login(&first, json!({})), 400, "TOTP_REQUIRED");
    let (access, refresh) = tokens(&login(&second, json!({ "totp_code": code(secret, 1) })));
    assert_eq!(profile(&first, &access).status, 200);

    // Refresh once. A second use ends the session.
    let (newer, next) = tokens(&first.refresh(&refresh));
    assert_error(&second.refresh(&refresh), 401, "REFRESH_TOKEN_INVALID");
    assert_error(&first.refresh(&next), 401, "REFRESH_TOKEN_INVALID");
    for token in [&access, &newer] {
        assert_error(&profile(&first, token), 401, "TOKEN_INVALID");
    }

    // Log out on one replica.
    let (access, refresh) = tokens(&login(&first, json!({ "totp_code": recovery })));
    let ended = second.call("POST", "/api/v1/auth/logout", &access, "{}");
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert_error(&profile(&first, &access), 401, "TOKEN_INVALID");
    assert_error(&first.refresh(&refresh), 401, "REFRESH_TOKEN_INVALID");

    // The fifth failure on one replica locks the account on both, also after a restart.
    for _ in 0..5 {
        let wrong = login(&first, json!({ "password": "wrong4password" }));
        assert_error(&wrong, 401, "PASSWORD_INCORRECT");
    }
    assert_error(&login(&second, json!({})), 403, "ACCOUNT_LOCKED");
    for replica in [first.restart(), second.restart()] {
        assert_error(&login(&replica, json!({})), 403, "ACCOUNT_LOCKED");
    }
}
