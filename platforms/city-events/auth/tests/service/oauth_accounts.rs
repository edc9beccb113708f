//! The accounts of logins by a provider.

use seaworthy::data::sql;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, TestApp, body, code, cookies, logged_in_user},
    provider::{ProviderTestApp, callback_path, error_of, message, settings},
    second_factor,
};

const VERIFY: &str = "auth.email.verify.requested";
const RESET: &str = "auth.password.reset.requested";
const REVOKED: &str = "auth.user.changed";
const UNKNOWN_STATE: &str = "invalid or expired oauth state";

/// Returns the user of an access token.
fn me(app: &TestApp, token: &Value) -> Value {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let answer = app.send("GET", "/auth/v1/me", &[("authorization", &bearer)], "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    body(&answer)["data"]["user"].clone()
}

async fn identity_count(app: &TestApp) -> i64 {
    let database = app.connect().await;
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM oauth_identities")
        .fetch_one(&database)
        .await
        .unwrap();
    count
}

/// Registers a user and verifies the address.
async fn verified(app: &TestApp, email: &str) -> crate::app::TestUser {
    let user = app.register(email);
    let token = app.wait_for_link(VERIFY, &user.id, 1).await;
    let answer = app.post("/auth/v1/verify-email/confirm", &json!({ "token": token }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    user
}

fn ban(app: &TestApp, user: &str) {
    let moderator = app.seeded("moderator");
    let path = format!("/auth/v1/mod/users/{user}/ban");
    let banned = app.request_as(&moderator, "POST", &path, &Value::Null);
    assert_eq!(banned.status, 200, "{}", banned.body);
}

async fn audit_count(app: &TestApp, action: &str, outcome: &str) -> i64 {
    let database = app.connect().await;
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM audit_log WHERE action = ? AND outcome = ?")
        .bind(action)
        .bind(outcome)
        .fetch_one(&database)
        .await
        .unwrap();
    count
}

pub(crate) async fn new_identity_creates_an_account_auth_4(test: Option<ProviderTestApp>) {
    let Some(test) = test else { return };
    let first = test.log_in("ada");
    assert_eq!(first.status, 200, "{}", first.body);
    let result = message(&first);
    let user = &result["user"];
    let expected = json!({ "id": user["id"], "email": "ada@example.org", "role": "user", "email_verified": true });
    assert_eq!(user, &expected);
    assert_eq!(
        (
            &result["type"],
            &result["expires_in"],
            &result["redirect_to"]
        ),
        (&json!("oauth_success"), &json!(900), &json!("/events"))
    );
    assert_eq!(result.as_object().unwrap().len(), 5);
    let known = me(&test.app, &result["access_token"]);
    assert_eq!(
        (&known["id"], &known["has_password"]),
        (&user["id"], &json!(false))
    );

    // The response sets the session cookie and deletes the login cookie.
    let set = cookies(&first);
    assert!(set.iter().any(|one| one == "openid_google="), "{set:?}");
    let session = set
        .iter()
        .find(|one| one.starts_with("refresh_token="))
        .unwrap();
    assert!(
        first
            .headers
            .iter()
            .any(|(name, value)| name == "set-cookie"
                && value == &format!("{session}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"))
    );
    let refreshed = logged_in_user(&test.app.with_cookie(session, "/auth/v1/refresh"), 200);
    assert_eq!(refreshed.id, user["id"]);

    let second = message(&test.log_in("ada"));
    assert_eq!(second["user"], *user);
    assert_eq!(identity_count(&test.app).await, 1);
    assert_eq!(audit_count(&test.app, "user.register", "done").await, 1);
    assert_eq!(audit_count(&test.app, "user.login", "done").await, 1);

    // The service verifies an address that the provider has not verified.
    let eve = message(&test.log_in("eve"));
    assert_eq!(eve["user"]["email_verified"], false);
    let id = eve["user"]["id"].as_str().unwrap();
    test.app.wait_for_link(VERIFY, id, 1).await;
    assert!(test.app.links(VERIFY, &refreshed.id).is_empty());
}

pub(crate) async fn identity_is_linked_if_both_addresses_are_verified_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    let ada = verified(&test.app, "ada@example.org").await;
    let result = message(&test.log_in("ada"));
    assert_eq!(
        (&result["type"], &result["user"]["id"]),
        (&json!("oauth_success"), &json!(ada.id))
    );
    assert_eq!(identity_count(&test.app).await, 1);
    assert_eq!(audit_count(&test.app, "user.link", "done").await, 1);
    assert_eq!(me(&test.app, &result["access_token"])["id"], ada.id);
    // The next login uses the linked identity and ends no sessions.
    let again = message(&test.log_in("ada"));
    assert_eq!(again["type"], "oauth_success");
    assert_eq!(me(&test.app, &result["access_token"])["id"], ada.id);
    assert_eq!(audit_count(&test.app, "user.link", "done").await, 1);
}

pub(crate) async fn linking_drops_access_of_earlier_registrant_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    // The attacker registers the victim's address. The victim, or a scanner of her mail, opens the
    // link.
    let mut attacker = verified(&test.app, "ada@example.org").await;
    let (_, codes) = second_factor::enable(&test.app, &mut attacker);
    let second = second_factor::log_in(&test.app, PASSWORD, &codes[0]);
    let second = logged_in_user(&second, 200);
    let asked = json!({ "email": "ada@example.org" });
    let asked = test.app.post("/auth/v1/password/reset/request", &asked);
    assert_eq!(asked.status, 204, "{}", asked.body);
    let reset = test.app.wait_for_link(RESET, &attacker.id, 1).await;

    let victim = message(&test.log_in("ada"));
    assert_eq!(victim["user"]["id"], attacker.id.as_str());
    assert_eq!(
        me(&test.app, &victim["access_token"])["has_password"],
        false
    );

    let login = test.app.log_in("ada@example.org", PASSWORD);
    assert_eq!(login.status, 401, "{}", login.body);
    for session in [&attacker, &second] {
        let refreshed = test.app.with_cookie(&session.cookie, "/auth/v1/refresh");
        assert_eq!(refreshed.status, 401, "{}", refreshed.body);
        let token = test
            .app
            .request_as(session, "GET", "/auth/v1/me", &Value::Null);
        assert_eq!(code(&token), "token_invalid", "{}", token.body);
    }
    let given = json!({ "token": reset, "new_password": "password of the attacker" });
    let replaced = test.app.post("/auth/v1/password/reset/confirm", &given);
    assert_eq!(replaced.status, 401, "{}", replaced.body);
    let raised = test
        .app
        .wait_for_event(REVOKED, |result| result["user_id"] == attacker.id.as_str());
    assert!(raised.await["version"].as_u64().unwrap() > 0);

    // The victim sets a new password.
    let asked = json!({ "email": "ada@example.org" });
    test.app.post("/auth/v1/password/reset/request", &asked);
    let token = test.app.wait_for_link(RESET, &attacker.id, 2).await;
    let given = json!({ "token": token, "new_password": "password of the owner" });
    let replaced = test.app.post("/auth/v1/password/reset/confirm", &given);
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    // The attacker's second factor does not lock her out.
    let login = test.app.log_in("ada@example.org", "password of the owner");
    assert_eq!(login.status, 200, "{}", login.body);
}

pub(crate) async fn linking_drops_identities_with_unproven_addresses_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    let evil = message(&test.log_in("evil-ada"));
    let id = evil["user"]["id"].as_str().unwrap();
    let token = test.app.wait_for_link(VERIFY, id, 1).await;
    let shown = json!({ "token": token });
    let shown = test.app.post("/auth/v1/verify-email/confirm", &shown);
    assert_eq!(shown.status, 200, "{}", shown.body);

    let ada = message(&test.log_in("ada"));
    assert_eq!(ada["user"]["id"], evil["user"]["id"]);
    assert_eq!(identity_count(&test.app).await, 1);
    assert_eq!(
        error_of(&test.log_in("evil-ada")),
        "the provider has not verified the e-mail address"
    );
    let bearer = format!("Bearer {}", evil["access_token"].as_str().unwrap());
    let old = [("authorization", bearer.as_str())];
    let old = test.app.send("GET", "/auth/v1/me", &old, "");
    assert_eq!(code(&old), "token_invalid", "{}", old.body);
}

pub(crate) async fn account_with_unverified_address_is_not_linked_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    test.app.register("ada@example.org");
    let answer = test.log_in("ada");
    assert_eq!(
        error_of(&answer),
        "email already registered but not verified"
    );
    assert_eq!(identity_count(&test.app).await, 0);
    assert_eq!(audit_count(&test.app, "user.link", "refused").await, 1);
}

pub(crate) async fn identity_with_unverified_address_is_not_linked_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    verified(&test.app, "ada@example.org").await;
    let answer = test.log_in("evil-ada");
    assert_eq!(
        error_of(&answer),
        "the provider has not verified the e-mail address"
    );
    assert_eq!(identity_count(&test.app).await, 0);
    assert_eq!(audit_count(&test.app, "user.link", "refused").await, 1);
}

pub(crate) async fn password_reset_removes_unverified_identities_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    // The provider has not verified the attacker's address.
    let evil = message(&test.log_in("evil-ada"));
    let id = evil["user"]["id"].as_str().unwrap();
    assert_eq!(identity_count(&test.app).await, 1);
    // The owner opens the verification link, and then resets the password of the account.
    let token = test.app.wait_for_link(VERIFY, id, 1).await;
    let shown = json!({ "token": token });
    let shown = test.app.post("/auth/v1/verify-email/confirm", &shown);
    assert_eq!(shown.status, 200, "{}", shown.body);
    let asked = json!({ "email": "ada@example.org" });
    let asked = test.app.post("/auth/v1/password/reset/request", &asked);
    assert_eq!(asked.status, 204, "{}", asked.body);
    let token = test.app.wait_for_link(RESET, id, 1).await;
    let given = json!({ "token": token, "new_password": "password of the owner" });
    let replaced = test.app.post("/auth/v1/password/reset/confirm", &given);
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(identity_count(&test.app).await, 0);
    assert_eq!(
        error_of(&test.log_in("evil-ada")),
        "the provider has not verified the e-mail address"
    );
    let owner = test.app.log_in("ada@example.org", "password of the owner");
    assert_eq!(owner.status, 200, "{}", owner.body);
}

pub(crate) async fn banned_user_cannot_log_in_by_provider_auth_4(test: Option<ProviderTestApp>) {
    let Some(test) = test else { return };
    // Eve has a linked identity. Ada has an account without one.
    let eve = message(&test.log_in("eve"));
    ban(&test.app, eve["user"]["id"].as_str().unwrap());
    assert_eq!(error_of(&test.log_in("eve")), "the account is locked");
    let ada = verified(&test.app, "ada@example.org").await;
    ban(&test.app, &ada.id);
    assert_eq!(error_of(&test.log_in("ada")), "the account is locked");
    assert_eq!(identity_count(&test.app).await, 1, "no identity is linked");
    assert_eq!(audit_count(&test.app, "user.login", "refused").await, 2);
}

pub(crate) async fn provider_login_is_single_use_across_replicas_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    let own = settings(&test.provider);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let replica = test.app.replica(&own).await;
    let started = test.begin("");
    let back = test.log_in_at_provider(&started, "ada");
    let cookie = [("cookie", started.cookie.as_str())];
    let path = callback_path("google", &back);
    // The login begins at one replica and ends at the other.
    let there = request(replica.addresses().http, "GET", &path, &cookie, "").unwrap();
    assert_eq!(message(&there)["type"], "oauth_success", "{}", there.body);
    assert_eq!(
        error_of(&test.finish(&started.cookie, &back)),
        UNKNOWN_STATE
    );
    let again = request(replica.addresses().http, "GET", &path, &cookie, "").unwrap();
    assert_eq!(error_of(&again), UNKNOWN_STATE);
    replica.stop().await;
}

pub(crate) async fn concurrent_first_logins_create_one_account_auth_4(
    test: Option<ProviderTestApp>,
) {
    let Some(test) = test else { return };
    let windows: Vec<_> = (0..2)
        .map(|_| {
            let started = test.begin("");
            let back = test.log_in_at_provider(&started, "ada");
            (started.cookie, back)
        })
        .collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let both: Vec<_> = windows
            .iter()
            .map(|(cookie, back)| scope.spawn(|| message(&test.finish(cookie, back))))
            .collect();
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers[0]["type"], "oauth_success", "{answers:?}");
    assert_eq!(answers[0]["user"], answers[1]["user"]);
    assert_eq!(identity_count(&test.app).await, 1);
}
