//! What happens to somebody in the middle of a request of theirs.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use seaworthy::data::sql;
use seaworthy_testkit::http::Answer;
use serde_json::{Value, json};

use crate::place::{PASSWORD, Person, Place, body, code, person};

/// The password was found right, and nothing is begun yet.
const CHECKED: &str = "AFTER DELETE ON account_failures";
/// The refresh token was exchanged, and nothing is answered yet.
const EXCHANGED: &str = "AFTER UPDATE ON account_sessions";
const OTHER_PASSWORD: &str = "green boats at night";

/// What a ban and another role write: it about the user, and the next version.
async fn at(place: &Place, moment: &str, of: &Person, what: &str) {
    let versions = place.connected().await;
    // There is none before the first that is raised.
    sql("INSERT INTO account_versions (user_id, version, changed_us) VALUES (?, 0, 0)")
        .bind(of.id.as_str())
        .execute(&versions)
        .await
        .unwrap();
    let user = format!("UPDATE users SET {what} WHERE email = '{}'", of.email);
    let version = format!(
        "UPDATE account_versions SET version = version + 1 WHERE user_id = '{}'",
        of.id
    );
    place.meanwhile(moment, &[user, version]).await;
}

fn me(place: &Place, person: &Person) -> Answer {
    place.as_person(person, "GET", "/auth/v1/me", &Value::Null)
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, code(answer))
}

/// The hash of somebody's password.
async fn hash_of(place: &Place, person: &Person) -> String {
    let (hash,): (String,) = sql("SELECT password_hash FROM users WHERE email = ?")
        .bind(person.email.as_str())
        .fetch_one(&place.connected().await)
        .await
        .unwrap();
    hash
}

fn register_with(place: &Place, email: &str, password: &str) -> Person {
    let given = json!({ "email": email, "password": password });
    person(&place.post("/auth/v1/register", &given), 201)
}

pub(crate) async fn a_ban_in_the_middle_of_a_login_lets_nobody_in_auth_3(place: Place) {
    let ada = place.register("ada@example.org");
    at(&place, CHECKED, &ada, "locked = TRUE").await;
    let refused = place.log_in(&ada.email, PASSWORD);
    assert_eq!(said(&refused), (401, "invalid_credentials".to_owned()));
    assert_eq!(refused.header("set-cookie"), None);
    let written: Vec<(String, String)> =
        sql("SELECT action, outcome FROM audit_log WHERE target_id = ? ORDER BY sequence")
            .bind(ada.id.as_str())
            .fetch_all(&place.connected().await)
            .await
            .unwrap();
    let last = written.last().unwrap();
    assert_eq!(
        (last.0.as_str(), last.1.as_str()),
        ("user.login", "refused")
    );
}

pub(crate) async fn a_role_given_in_the_middle_of_a_login_is_the_tokens_auth_3(place: Place) {
    let moderator = place.seeded("moderator");
    at(&place, CHECKED, &moderator, "role = 'user'").await;
    let answer = place.log_in(&moderator.email, city_events_auth::SEED_PASSWORD);
    let demoted = person(&answer, 200);
    assert_eq!(body(&answer)["data"]["user"]["role"], "user");
    let claims = demoted.token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["role"], "user");
    assert_eq!(me(&place, &demoted).status, 200);
    assert_eq!(me(&place, &moderator).status, 401, "of the earlier role");
}

pub(crate) async fn a_password_replaced_in_the_middle_of_a_login_is_the_one_that_counts_auth_3(
    place: Place,
) {
    let ada = place.register("ada@example.org");
    let other = register_with(&place, "other@example.org", OTHER_PASSWORD);
    let hash = hash_of(&place, &other).await;
    at(&place, CHECKED, &ada, &format!("password_hash = '{hash}'")).await;
    let refused = place.log_in(&ada.email, PASSWORD);
    assert_eq!(said(&refused), (401, "invalid_credentials".to_owned()));
    assert_eq!(place.log_in(&ada.email, OTHER_PASSWORD).status, 200);
}

pub(crate) async fn the_same_password_hashed_anew_in_the_middle_of_a_login_is_right_auth_2(
    place: Place,
) {
    let ada = place.register("ada@example.org");
    let hash = hash_of(&place, &place.register("other@example.org")).await;
    at(&place, CHECKED, &ada, &format!("password_hash = '{hash}'")).await;
    let ada = person(&place.log_in(&ada.email, PASSWORD), 200);
    assert_eq!(me(&place, &ada).status, 200);
}

pub(crate) async fn a_password_replaced_in_the_middle_of_a_change_stays_auth_3(place: Place) {
    let ada = place.register("ada@example.org");
    let other = register_with(&place, "other@example.org", OTHER_PASSWORD);
    let hash = hash_of(&place, &other).await;
    at(&place, CHECKED, &ada, &format!("password_hash = '{hash}'")).await;
    let change = json!({ "old_password": PASSWORD, "new_password": "of whoever knew the old one" });
    let refused = place.as_person(&ada, "POST", "/auth/v1/password/change", &change);
    assert_eq!(said(&refused), (401, "invalid_credentials".to_owned()));
    assert_eq!(hash_of(&place, &ada).await, hash);
}

pub(crate) async fn a_ban_in_the_middle_of_a_refresh_takes_its_token_back_auth_3(place: Place) {
    let ada = place.register("ada@example.org");
    at(&place, EXCHANGED, &ada, "locked = TRUE").await;
    let refreshed = person(&place.with_cookie(&ada.cookie, "/auth/v1/refresh"), 200);
    assert_eq!(
        said(&me(&place, &refreshed)),
        (401, "token_invalid".to_owned())
    );
    let again = place.with_cookie(&refreshed.cookie, "/auth/v1/refresh");
    assert_eq!(said(&again), (403, "account_locked".to_owned()));
}
