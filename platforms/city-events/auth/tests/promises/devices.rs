//! An attacker who keeps an account locked does not lock out its owner.

use seaworthy::data::sql;
use seaworthy_testkit::http::{Answer, request};
use serde_json::json;

use crate::place::{JWT_SECRET, PASSWORD, Place, cookies, person};

const RESET: &str = "auth.password.reset.requested";
const EMAIL: &str = "ada@example.org";
const WRONG: &str = "wrong horse battery";
const NEXT_SECRET: &str = "QSBzaGlwIGluIGhhcmJvciBpcyBzYWZlLCBidXQgdGhhdA";

/// Returns the device cookie that a response sets.
fn device(answer: &Answer) -> String {
    let mut cookies = cookies(answer).into_iter();
    cookies
        .find(|cookie| cookie.starts_with("device="))
        .unwrap()
}

fn register(place: &Place, email: &str) -> Answer {
    let answer = place.post(
        "/auth/v1/register",
        &json!({ "email": email, "password": PASSWORD }),
    );
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

fn log_in(place: &Place, password: &str, cookie: &str) -> Answer {
    let body = json!({ "email": EMAIL, "password": password }).to_string();
    place.send("POST", "/auth/v1/login", &[("cookie", cookie)], &body)
}

/// Locks the account, like an attacker who tries wrong passwords all the time.
async fn attack(place: &Place) {
    for _ in 0..5 {
        place.log_in(EMAIL, WRONG);
    }
    sql("UPDATE account_failures SET locked_until_us = {now_us} + 900000000 WHERE subject LIKE 'account:%' OR subject LIKE 'ip:%'")
        .execute(&place.connected().await)
        .await
        .unwrap();
    assert_eq!(place.log_in(EMAIL, PASSWORD).status, 429);
}

pub(crate) async fn known_device_logs_in_while_account_is_locked_auth_2(place: Place) {
    let owner = device(&register(&place, EMAIL));
    attack(&place).await;
    let answer = log_in(&place, PASSWORD, &owner);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (_, set) = answer
        .headers
        .iter()
        .find(|(name, value)| name == "set-cookie" && value.starts_with("device="))
        .unwrap();
    // The absolute timeout of sessions.
    let attributes = "; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax";
    assert!(set.ends_with(attributes), "{set}");
    assert_eq!(
        place.log_in(EMAIL, PASSWORD).status,
        429,
        "the attacker gains nothing by it"
    );
}

pub(crate) async fn forged_and_foreign_device_cookies_are_ignored_auth_2(place: Place) {
    let owner = device(&register(&place, EMAIL));
    let foreign = device(&register(&place, "bob@example.org"));
    attack(&place).await;
    let (claims, _) = owner.rsplit_once('.').unwrap();
    let (_, proof) = foreign.rsplit_once('.').unwrap();
    for cookie in [
        foreign.clone(),
        format!("{claims}.{proof}"),
        format!("{owner}; {owner}"),
        format!("__Host-{owner}"),
        "device=".to_owned(),
        "device=a.0.99999999999.AAAA".to_owned(),
    ] {
        let answer = log_in(&place, PASSWORD, &cookie);
        assert_eq!(answer.status, 429, "{cookie}");
    }
}

pub(crate) async fn stolen_device_cookie_has_few_tries_auth_2(place: Place) {
    let stolen = device(&register(&place, EMAIL));
    let other = device(&place.log_in(EMAIL, PASSWORD));
    for _ in 0..5 {
        let answer = log_in(&place, WRONG, &stolen);
        assert_eq!(answer.status, 401, "the cookie alone does not authenticate");
    }
    sql("UPDATE account_failures SET locked_until_us = {now_us} + 900000000 WHERE subject LIKE 'device:%' AND locked_until_us > 0")
        .execute(&place.connected().await)
        .await
        .unwrap();
    assert_eq!(log_in(&place, PASSWORD, &stolen).status, 429);
    assert_eq!(
        log_in(&place, PASSWORD, &other).status,
        200,
        "another device has a budget of its own"
    );
    assert_eq!(place.log_in(EMAIL, PASSWORD).status, 200);
}

pub(crate) async fn new_password_ends_known_devices_auth_2(place: Place) {
    let registered = register(&place, EMAIL);
    let (ada, old) = (person(&registered, 201), device(&registered));
    let asked = place.post(
        "/auth/v1/password/reset/request",
        &json!({ "email": EMAIL }),
    );
    assert_eq!(asked.status, 204);
    let token = place.link(RESET, &ada.id, 1).await;
    attack(&place).await;
    let reset = place.post(
        "/auth/v1/password/reset/confirm",
        &json!({ "token": token, "new_password": "another horse entirely" }),
    );
    assert_eq!(reset.status, 204);
    attack(&place).await;
    assert_eq!(log_in(&place, "another horse entirely", &old).status, 429);
    let new = device(&reset);
    let answer = log_in(&place, "another horse entirely", &new);
    assert_eq!(answer.status, 200, "{}", answer.body);

    let ada = person(&answer, 200);
    let changed = place.as_person(
        &ada,
        "POST",
        "/auth/v1/password/change",
        &json!({ "old_password": "another horse entirely", "new_password": PASSWORD }),
    );
    assert_eq!(
        changed.status, 429,
        "it is guessed no faster without a device"
    );
    let bearer = format!("Bearer {}", ada.token);
    let body = json!({ "old_password": "another horse entirely", "new_password": PASSWORD });
    let changed = place.send(
        "POST",
        "/auth/v1/password/change",
        &[("authorization", &bearer), ("cookie", &device(&answer))],
        &body.to_string(),
    );
    assert_eq!(changed.status, 204, "{}", changed.body);
    assert_eq!(log_in(&place, PASSWORD, &new).status, 429);
    assert_eq!(log_in(&place, PASSWORD, &device(&changed)).status, 200);
}

pub(crate) async fn known_device_survives_a_rotation_of_the_secret_auth_2(place: Place) {
    let owner = device(&register(&place, EMAIL));
    attack(&place).await;
    let rotated = place
        .replica(&[
            &format!("jwt.secret={NEXT_SECRET}"),
            &format!("jwt.additional_verification_keys=[\"{JWT_SECRET}\"]"),
            "rate_limit.enabled=false",
        ])
        .await;
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let log_in = |cookie: &str| {
        let headers = [("cookie", cookie)];
        request(
            rotated.addresses().http,
            "POST",
            "/auth/v1/login",
            &headers,
            &body,
        )
        .unwrap()
    };
    assert_eq!(log_in("").status, 429);
    let answer = log_in(&owner);
    assert_eq!(answer.status, 200, "{}", answer.body);
}
