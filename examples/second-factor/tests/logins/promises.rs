use std::thread;

use seaworthy_testkit::http::Answer;
use serde_json::{Value, json};

use crate::{
    application::shown,
    place::{PASSWORD, Place, body, open, refusal, session, token},
};

const ADA: &str = "ada@example.org";
const EVE: &str = "eve@example.org";
/// Whoever has to wait does so until the test is over.
const LONG_PAUSE: [&str; 2] = [
    "second_factors.wrong_codes.initial_backoff=1h",
    "second_factors.wrong_codes.max_backoff=1h",
];

fn is_logged_in(place: &Place, session: &str, id: &str) {
    assert_eq!(body(&place.me(session), 200)["id"], id);
}

#[test]
fn a_login_with_a_second_factor_needs_a_code_auth_4() {
    let place = open(&[]);
    let id = place.register(ADA);
    let first = session(&place.log_in(ADA, PASSWORD));
    is_logged_in(&place, &first, &id);
    place.enrol(&first);
    session(&place.log_in(ADA, PASSWORD)); // What is not confirmed counts for nothing.
    let secret = place.enrol(&first);
    let confirmed = place.post(
        "/totp/confirm",
        &first,
        &json!({ "code": shown(&secret, 0) }),
    );
    let codes = body(&confirmed, 200)["recovery_codes"].clone();
    assert_eq!(codes.as_array().unwrap().len(), 10);

    let begun = token(&place.log_in(ADA, PASSWORD));
    let name = first.split('=').next().unwrap();
    let pretended = place.me(&format!("{name}={begun}"));
    assert_eq!(pretended.status, 401, "a login is no session");
    let entered = session(&place.code(&begun, &shown(&secret, 1)));
    is_logged_in(&place, &entered, &id);
    assert_eq!(body(&place.me(&entered), 200)["has_second_factor"], true);
}

#[test]
fn a_recovery_code_is_good_once_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    let [one, other] = [&ada.recovery[0], &ada.recovery[1]];
    is_logged_in(&place, &session(&place.log_in_by(ADA, one)), &ada.id);
    assert_eq!(refusal(&place.log_in_by(ADA, one)), "401 WRONG_CODE");
    let typed = other.to_lowercase().replace('-', " ");
    is_logged_in(&place, &session(&place.log_in_by(ADA, &typed)), &ada.id);
}

#[test]
fn a_code_is_good_once_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    let refused = place.log_in_by(ADA, &ada.used);
    assert_eq!(refusal(&refused), "401 WRONG_CODE", "it confirmed");
    let next = shown(&ada.secret, 1);
    session(&place.log_in_by(ADA, &next));
    assert_eq!(refusal(&place.log_in_by(ADA, &next)), "401 WRONG_CODE");
}

#[test]
fn a_login_ends_once_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    let overtaken = token(&place.log_in(ADA, PASSWORD));
    let begun = token(&place.log_in(ADA, PASSWORD));
    let code = |number: usize| ada.recovery[number].as_str();
    let refused = place.code(&overtaken, code(0));
    assert_eq!(refusal(&refused), "401 NO_LOGIN", "there is a later one");
    let mistyped = place.code(&begun, "000");
    assert_eq!(refusal(&mistyped), "401 WRONG_CODE");
    session(&place.code(&begun, code(0)));
    assert_eq!(refusal(&place.code(&begun, code(1))), "401 NO_LOGIN");

    let place = open(&["code_within=1ms"]);
    let ada = place.guarded(ADA);
    let late = place.log_in_by(ADA, &ada.recovery[0]);
    assert_eq!(refusal(&late), "401 NO_LOGIN", "it came too late");
}

#[test]
fn of_codes_at_once_one_ends_the_login_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    let begun = token(&place.log_in(ADA, PASSWORD));
    let answers: Vec<Answer> = thread::scope(|scope| {
        let codes = ada.recovery.iter().take(4);
        let asked: Vec<_> = codes
            .map(|code| scope.spawn(|| place.code(&begun, code)))
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (entered, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 204);
    assert_eq!(entered.len(), 1);
    assert!(refused.iter().all(|one| refusal(one) == "401 NO_LOGIN"));
}

#[test]
fn codes_are_not_guessed_auth_4() {
    let place = open(&LONG_PAUSE);
    let ada = place.guarded(ADA);
    let eve = place.guarded(EVE);
    // Whoever guesses knows the password, and begins anew each time.
    for _ in 0..5 {
        assert_eq!(refusal(&place.log_in_by(ADA, "000")), "401 WRONG_CODE");
    }
    let right = shown(&ada.secret, 1);
    let refused = place.log_in_by(ADA, &right);
    assert_eq!(refusal(&refused), "429 TOO_MANY_ATTEMPTS");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(wait > 3_000, "{wait}");
    let elsewhere = place.post(
        "/totp/disable",
        &ada.session,
        &json!({ "password": PASSWORD, "code": right }),
    );
    assert_eq!(refusal(&elsewhere), "429 TOO_MANY_ATTEMPTS");
    session(&place.log_in_by(EVE, &eve.recovery[0]));
}

#[test]
fn locked_owner_logs_in_by_device_or_recovery_code_auth_4() {
    let place = open(&LONG_PAUSE);
    let ada = place.guarded(ADA);
    for _ in 0..5 {
        assert_eq!(refusal(&place.log_in_by(ADA, "000")), "401 WRONG_CODE");
    }
    let code = shown(&ada.secret, 1);
    let locked = place.log_in_by(ADA, &code);
    assert_eq!(refusal(&locked), "429 TOO_MANY_ATTEMPTS");
    // The device on which the owner has logged in before.
    let begun = token(&place.log_in(ADA, PASSWORD));
    let given = json!({ "token": begun, "code": code });
    session(&place.post("/login/code", &ada.device, &given));

    let place = open(&LONG_PAUSE);
    let ada = place.guarded(ADA);
    for _ in 0..6 {
        place.log_in_by(ADA, "000");
    }
    session(&place.log_in_by(ADA, &ada.recovery[0]));
}

#[test]
fn no_code_without_the_password_auth_4() {
    let place = open(&[]);
    let (ada, eve) = (place.guarded(ADA), place.guarded(EVE));
    let refused = place.log_in(ADA, "a lantern over the harbor");
    assert_eq!(refusal(&refused), "401 INVALID_CREDENTIALS");
    let nobody = place.log_in("nobody@example.org", PASSWORD);
    assert_eq!(refusal(&nobody), "401 INVALID_CREDENTIALS");
    let code = ada.recovery[0].as_str();
    for begun in ["", "guessed", &"A".repeat(43)] {
        assert_eq!(refusal(&place.code(begun, code)), "401 NO_LOGIN");
    }
    let of_eve = place.log_in_by(EVE, code);
    assert_eq!(refusal(&of_eve), "401 WRONG_CODE", "it is another's");
    is_logged_in(&place, &session(&place.log_in_by(ADA, code)), &ada.id);
    session(&place.log_in_by(EVE, &eve.recovery[0]));
}

fn own(place: &Place, path: &str, session: &str, given: Value) -> Answer {
    place.post(&format!("/totp/{path}"), session, &given)
}

#[test]
fn a_second_factor_changes_for_its_owner_alone_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    let password = json!({ "password": PASSWORD });
    for path in ["enrol", "confirm", "disable"] {
        assert_eq!(
            own(&place, path, "", password.clone()).status,
            401,
            "{path}"
        );
    }
    // What an open session does not have, whoever finds it has not.
    let wrong = json!({ "password": "a lantern over the harbor", "code": ada.recovery[0] });
    for path in ["enrol", "disable"] {
        let refused = own(&place, path, &ada.session, wrong.clone());
        assert_eq!(refusal(&refused), "401 INVALID_CREDENTIALS", "{path}");
    }
    let wrong = json!({ "password": PASSWORD, "code": "000" });
    let refused = own(&place, "disable", &ada.session, wrong);
    assert_eq!(refusal(&refused), "401 WRONG_CODE");
    let without = own(&place, "disable", &ada.session, password.clone());
    assert!((400..500).contains(&without.status), "{}", without.body);
    let another = own(&place, "enrol", &ada.session, password);
    assert_eq!(refusal(&another), "409 HAS_SECOND_FACTOR");
    token(&place.log_in(ADA, PASSWORD));
}

#[test]
fn a_second_factor_is_removed_by_the_password_and_a_code_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    let begun = token(&place.log_in(ADA, PASSWORD));
    let proof = json!({ "password": PASSWORD, "code": ada.recovery[0] });
    let removed = own(&place, "disable", &ada.session, proof);
    assert_eq!(removed.status, 204, "{}", removed.body);
    session(&place.log_in(ADA, PASSWORD));
    let refused = place.code(&begun, &ada.recovery[1]);
    assert_eq!(
        refusal(&refused),
        "401 WRONG_CODE",
        "it went with its codes"
    );
    place.enrol(&ada.session);
}

#[test]
fn who_did_what_is_written_down_obs_11_auth_4() {
    let place = open(&[]);
    let ada = place.guarded(ADA);
    place.log_in(ADA, "a lantern over the harbor");
    place.log_in_by(ADA, "000");
    session(&place.log_in_by(ADA, &ada.recovery[0]));
    let proof = json!({ "password": PASSWORD, "code": ada.recovery[1] });
    own(&place, "disable", &ada.session, proof);
    let log = place.audit_log(&["export", "--format", "json"]);
    // A document on each line.
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
    for secret in [&ada.secret, &ada.used, &ada.recovery[0]] {
        assert!(!log.contains(secret));
    }
    let text = place.audit_log(&["export"]);
    assert!(
        text.lines().all(|line| line.contains(" 127.0.0.1 ")),
        "{text}"
    );
    place.audit_log(&["verify"]);
}
