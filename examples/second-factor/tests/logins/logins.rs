use std::thread;

use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, TestApp, body, error, login_token, session, start},
    totp::totp_code,
};

const ADA: &str = "ada@example.org";
const EVE: &str = "eve@example.org";
/// Settings with a backoff that is longer than a test.
const LONG_BACKOFF: [&str; 2] = [
    "second_factors.wrong_codes.initial_backoff=1h",
    "second_factors.wrong_codes.max_backoff=1h",
];

fn assert_logged_in(app: &TestApp, session: &str, id: &str) {
    assert_eq!(body(&app.me(session), 200)["id"], id);
}

#[test]
fn login_with_second_factor_needs_code_auth_4() {
    let app = start(&[]);
    let id = app.register(ADA);
    let first = session(&app.log_in(ADA, PASSWORD));
    assert_logged_in(&app, &first, &id);
    app.enroll(&first);
    // An enrollment without confirmation does not change logins.
    session(&app.log_in(ADA, PASSWORD));
    let secret = app.enroll(&first);
    let confirmed = app.post(
        "/totp/confirm",
        &first,
        &json!({ "code": totp_code(&secret, 0) }),
    );
    let codes = body(&confirmed, 200)["recovery_codes"].clone();
    assert_eq!(codes.as_array().unwrap().len(), 10);

    let pending = login_token(&app.log_in(ADA, PASSWORD));
    let name = first.split('=').next().unwrap();
    let as_session = app.me(&format!("{name}={pending}"));
    assert_eq!(as_session.status, 401, "the token is not a session");
    let logged_in = session(&app.send_code(&pending, &totp_code(&secret, 1)));
    assert_logged_in(&app, &logged_in, &id);
    assert_eq!(body(&app.me(&logged_in), 200)["has_second_factor"], true);
}

#[test]
fn recovery_code_works_once_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    let [first, second] = [&ada.recovery_codes[0], &ada.recovery_codes[1]];
    assert_logged_in(&app, &session(&app.log_in_with_code(ADA, first)), &ada.id);
    assert_eq!(error(&app.log_in_with_code(ADA, first)), "401 INVALID_CODE");
    let typed = second.to_lowercase().replace('-', " ");
    assert_logged_in(&app, &session(&app.log_in_with_code(ADA, &typed)), &ada.id);
}

#[test]
fn totp_code_works_once_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    let rejected = app.log_in_with_code(ADA, &ada.used_code);
    assert_eq!(
        error(&rejected),
        "401 INVALID_CODE",
        "the confirmation used it"
    );
    let next = totp_code(&ada.secret, 1);
    session(&app.log_in_with_code(ADA, &next));
    assert_eq!(error(&app.log_in_with_code(ADA, &next)), "401 INVALID_CODE");
}

#[test]
fn pending_login_completes_once_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    let replaced = login_token(&app.log_in(ADA, PASSWORD));
    let pending = login_token(&app.log_in(ADA, PASSWORD));
    let code = |number: usize| ada.recovery_codes[number].as_str();
    let rejected = app.send_code(&replaced, code(0));
    assert_eq!(
        error(&rejected),
        "401 LOGIN_EXPIRED",
        "a later login replaced it"
    );
    let mistyped = app.send_code(&pending, "000");
    assert_eq!(error(&mistyped), "401 INVALID_CODE");
    session(&app.send_code(&pending, code(0)));
    assert_eq!(
        error(&app.send_code(&pending, code(1))),
        "401 LOGIN_EXPIRED"
    );

    let app = start(&["code_timeout=1ms"]);
    let ada = app.register_with_factor(ADA);
    let late = app.log_in_with_code(ADA, &ada.recovery_codes[0]);
    assert_eq!(error(&late), "401 LOGIN_EXPIRED", "the login timed out");
}

#[test]
fn concurrent_codes_complete_one_login_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    let pending = login_token(&app.log_in(ADA, PASSWORD));
    let answers: Vec<HttpResponse> = thread::scope(|scope| {
        let codes = ada.recovery_codes.iter().take(4);
        let calls: Vec<_> = codes
            .map(|code| scope.spawn(|| app.send_code(&pending, code)))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let (logged_in, rejected): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 204);
    assert_eq!(logged_in.len(), 1);
    assert!(
        rejected
            .iter()
            .all(|answer| error(answer) == "401 LOGIN_EXPIRED")
    );
}

#[test]
fn wrong_codes_lock_the_user_auth_4() {
    let app = start(&LONG_BACKOFF);
    let ada = app.register_with_factor(ADA);
    let eve = app.register_with_factor(EVE);
    // The attacker knows the password, and starts a new login for each guess.
    for _ in 0..5 {
        assert_eq!(error(&app.log_in_with_code(ADA, "000")), "401 INVALID_CODE");
    }
    let valid = totp_code(&ada.secret, 1);
    let rejected = app.log_in_with_code(ADA, &valid);
    assert_eq!(error(&rejected), "429 TOO_MANY_ATTEMPTS");
    let wait: u64 = rejected.header("retry-after").unwrap().parse().unwrap();
    assert!(wait > 3_000, "{wait}");
    let disable = app.post(
        "/totp/disable",
        &ada.session,
        &json!({ "password": PASSWORD, "code": valid }),
    );
    assert_eq!(error(&disable), "429 TOO_MANY_ATTEMPTS");
    session(&app.log_in_with_code(EVE, &eve.recovery_codes[0]));
}

#[test]
fn locked_owner_logs_in_by_device_or_recovery_code_auth_4() {
    let app = start(&LONG_BACKOFF);
    let ada = app.register_with_factor(ADA);
    for _ in 0..5 {
        assert_eq!(error(&app.log_in_with_code(ADA, "000")), "401 INVALID_CODE");
    }
    let code = totp_code(&ada.secret, 1);
    let locked = app.log_in_with_code(ADA, &code);
    assert_eq!(error(&locked), "429 TOO_MANY_ATTEMPTS");
    // The owner logged in on this device earlier.
    let pending = login_token(&app.log_in(ADA, PASSWORD));
    let request = json!({ "token": pending, "code": code });
    session(&app.post("/login/code", &ada.device, &request));

    let app = start(&LONG_BACKOFF);
    let ada = app.register_with_factor(ADA);
    for _ in 0..6 {
        app.log_in_with_code(ADA, "000");
    }
    session(&app.log_in_with_code(ADA, &ada.recovery_codes[0]));
}

#[test]
fn code_needs_password_of_the_same_user_auth_4() {
    let app = start(&[]);
    let (ada, eve) = (app.register_with_factor(ADA), app.register_with_factor(EVE));
    let rejected = app.log_in(ADA, "a lantern over the harbor");
    assert_eq!(error(&rejected), "401 INVALID_CREDENTIALS");
    let unknown = app.log_in("unknown@example.org", PASSWORD);
    assert_eq!(error(&unknown), "401 INVALID_CREDENTIALS");
    let code = ada.recovery_codes[0].as_str();
    for pending in ["", "guessed", &"A".repeat(43)] {
        assert_eq!(error(&app.send_code(pending, code)), "401 LOGIN_EXPIRED");
    }
    let of_eve = app.log_in_with_code(EVE, code);
    assert_eq!(
        error(&of_eve),
        "401 INVALID_CODE",
        "the code belongs to another user"
    );
    assert_logged_in(&app, &session(&app.log_in_with_code(ADA, code)), &ada.id);
    session(&app.log_in_with_code(EVE, &eve.recovery_codes[0]));
}

fn post_totp(app: &TestApp, path: &str, session: &str, request: Value) -> HttpResponse {
    app.post(&format!("/totp/{path}"), session, &request)
}

#[test]
fn only_owner_changes_second_factor_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    let password = json!({ "password": PASSWORD });
    for path in ["enroll", "confirm", "disable"] {
        assert_eq!(
            post_totp(&app, path, "", password.clone()).status,
            401,
            "{path}"
        );
    }
    // A stolen session without the password cannot change the factor.
    let wrong = json!({ "password": "a lantern over the harbor", "code": ada.recovery_codes[0] });
    for path in ["enroll", "disable"] {
        let rejected = post_totp(&app, path, &ada.session, wrong.clone());
        assert_eq!(error(&rejected), "401 INVALID_CREDENTIALS", "{path}");
    }
    let wrong = json!({ "password": PASSWORD, "code": "000" });
    let rejected = post_totp(&app, "disable", &ada.session, wrong);
    assert_eq!(error(&rejected), "401 INVALID_CODE");
    let without = post_totp(&app, "disable", &ada.session, password.clone());
    assert!((400..500).contains(&without.status), "{}", without.body);
    let another = post_totp(&app, "enroll", &ada.session, password);
    assert_eq!(error(&another), "409 SECOND_FACTOR_EXISTS");
    login_token(&app.log_in(ADA, PASSWORD));
}

#[test]
fn password_and_code_remove_second_factor_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    let pending = login_token(&app.log_in(ADA, PASSWORD));
    let proof = json!({ "password": PASSWORD, "code": ada.recovery_codes[0] });
    let removed = post_totp(&app, "disable", &ada.session, proof);
    assert_eq!(removed.status, 204, "{}", removed.body);
    session(&app.log_in(ADA, PASSWORD));
    let rejected = app.send_code(&pending, &ada.recovery_codes[1]);
    assert_eq!(
        error(&rejected),
        "401 INVALID_CODE",
        "the codes were removed too"
    );
    app.enroll(&ada.session);
}

#[test]
fn audit_log_records_logins_and_factors_obs_11_auth_4() {
    let app = start(&[]);
    let ada = app.register_with_factor(ADA);
    app.log_in(ADA, "a lantern over the harbor");
    app.log_in_with_code(ADA, "000");
    session(&app.log_in_with_code(ADA, &ada.recovery_codes[0]));
    let proof = json!({ "password": PASSWORD, "code": ada.recovery_codes[1] });
    post_totp(&app, "disable", &ada.session, proof);
    let log = app.audit_log(&["export", "--format", "json"]);
    // Each line is a JSON document.
    let actions: Vec<String> = log
        .lines()
        .map(|entry| {
            let entry: Value = serde_json::from_str(entry).unwrap();
            assert_eq!(entry["target_id"], ada.id, "{entry}");
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            if text("outcome") == "done" {
                assert_eq!(entry["actor"], ada.id, "{entry}");
            }
            format!("{} {}", text("action"), text("outcome"))
        })
        .collect();
    assert_eq!(
        actions,
        [
            "user.register done",
            "user.login done",
            "second_factor.confirm done",
            "user.login refused",
            "user.login_by_code refused",
            "user.login_by_code done",
            "second_factor.remove done",
        ]
    );
    for secret in [&ada.secret, &ada.used_code, &ada.recovery_codes[0]] {
        assert!(!log.contains(secret));
    }
    let text = app.audit_log(&["export"]);
    assert!(
        text.lines().all(|line| line.contains(" 127.0.0.1 ")),
        "{text}"
    );
    app.audit_log(&["verify"]);
}
