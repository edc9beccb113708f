//! Whose account a login by a provider is.

use seaworthy::data::sql;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use crate::{
    place::{PASSWORD, Place, body, code, cookies, person},
    provider::{Harbour, callback_path, message, refused, settings},
};

const VERIFY: &str = "auth.email.verify.requested";
const RESET: &str = "auth.password.reset.requested";
const REVOKED: &str = "auth.user.changed";
const UNKNOWN_STATE: &str = "invalid or expired oauth state";

/// A provider may not be installed.
type Town = Option<Harbour>;

/// Who is logged in with this access token.
fn me(place: &Place, token: &Value) -> Value {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let answer = place.send("GET", "/auth/v1/me", &[("authorization", &bearer)], "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    body(&answer)["data"]["user"].clone()
}

async fn identities(place: &Place) -> i64 {
    let database = place.connected().await;
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM oauth_identities")
        .fetch_one(&database)
        .await
        .unwrap();
    count
}

/// Somebody who registered and has shown that the address is theirs.
async fn verified(place: &Place, email: &str) -> crate::place::Person {
    let somebody = place.register(email);
    let token = place.link(VERIFY, &somebody.id, 1).await;
    let answer = place.post("/auth/v1/verify-email/confirm", &json!({ "token": token }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    somebody
}

fn ban(place: &Place, user: &str) {
    let moderator = place.seeded("moderator");
    let path = format!("/auth/v1/mod/users/{user}/ban");
    let banned = place.as_person(&moderator, "POST", &path, &Value::Null);
    assert_eq!(banned.status, 200, "{}", banned.body);
}

async fn written_down(place: &Place, action: &str, outcome: &str) -> i64 {
    let database = place.connected().await;
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM audit_log WHERE action = ? AND outcome = ?")
        .bind(action)
        .bind(outcome)
        .fetch_one(&database)
        .await
        .unwrap();
    count
}

pub(crate) async fn somebody_new_gets_an_account_and_is_known_from_then_on_auth_4(town: Town) {
    let Some(town) = town else { return };
    let first = town.log_in("ada");
    assert_eq!(first.status, 200, "{}", first.body);
    let told = message(&first);
    let user = &told["user"];
    let expected = json!({ "id": user["id"], "email": "ada@example.org", "role": "user", "email_verified": true });
    assert_eq!(user, &expected);
    assert_eq!(
        (&told["type"], &told["expires_in"], &told["redirect_to"]),
        (&json!("oauth_success"), &json!(900), &json!("/events"))
    );
    assert_eq!(told.as_object().unwrap().len(), 5);
    let known = me(&town.place, &told["access_token"]);
    assert_eq!(
        (&known["id"], &known["has_password"]),
        (&user["id"], &json!(false))
    );

    // The cookie of the session, and the end of that of the login.
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
    let refreshed = person(&town.place.with_cookie(session, "/auth/v1/refresh"), 200);
    assert_eq!(refreshed.id, user["id"]);

    let second = message(&town.log_in("ada"));
    assert_eq!(second["user"], *user);
    assert_eq!(identities(&town.place).await, 1);
    assert_eq!(written_down(&town.place, "user.register", "done").await, 1);
    assert_eq!(written_down(&town.place, "user.login", "done").await, 1);

    // Somebody whose address the provider has not verified shows it to us.
    let eve = message(&town.log_in("eve"));
    assert_eq!(eve["user"]["email_verified"], false);
    let id = eve["user"]["id"].as_str().unwrap();
    town.place.link(VERIFY, id, 1).await;
    assert!(town.place.links(VERIFY, &refreshed.id).is_empty());
}

pub(crate) async fn an_account_is_linked_where_both_sides_have_seen_the_address_auth_4(town: Town) {
    let Some(town) = town else { return };
    let ada = verified(&town.place, "ada@example.org").await;
    let told = message(&town.log_in("ada"));
    assert_eq!(
        (&told["type"], &told["user"]["id"]),
        (&json!("oauth_success"), &json!(ada.id))
    );
    assert_eq!(identities(&town.place).await, 1);
    assert_eq!(written_down(&town.place, "user.link", "done").await, 1);
    assert_eq!(me(&town.place, &told["access_token"])["id"], ada.id);
    // A second login uses a known identity and ends nothing.
    let again = message(&town.log_in("ada"));
    assert_eq!(again["type"], "oauth_success");
    assert_eq!(me(&town.place, &told["access_token"])["id"], ada.id);
    assert_eq!(written_down(&town.place, "user.link", "done").await, 1);
}

pub(crate) async fn linking_drops_access_of_earlier_registrant_auth_4(town: Town) {
    let Some(town) = town else { return };
    // The attacker registers the victim's address. The victim, or a scanner of her mail, opens the
    // link.
    let attacker = verified(&town.place, "ada@example.org").await;
    let second = person(&town.place.log_in("ada@example.org", PASSWORD), 200);
    let asked = json!({ "email": "ada@example.org" });
    let asked = town.place.post("/auth/v1/password/reset/request", &asked);
    assert_eq!(asked.status, 204, "{}", asked.body);
    let reset = town.place.link(RESET, &attacker.id, 1).await;

    let victim = message(&town.log_in("ada"));
    assert_eq!(victim["user"]["id"], attacker.id.as_str());
    assert_eq!(
        me(&town.place, &victim["access_token"])["has_password"],
        false
    );

    let login = town.place.log_in("ada@example.org", PASSWORD);
    assert_eq!(login.status, 401, "{}", login.body);
    for session in [&attacker, &second] {
        let refreshed = town.place.with_cookie(&session.cookie, "/auth/v1/refresh");
        assert_eq!(refreshed.status, 401, "{}", refreshed.body);
        let token = town
            .place
            .as_person(session, "GET", "/auth/v1/me", &Value::Null);
        assert_eq!(code(&token), "token_invalid", "{}", token.body);
    }
    let given = json!({ "token": reset, "new_password": "the words of the attacker" });
    let replaced = town.place.post("/auth/v1/password/reset/confirm", &given);
    assert_eq!(replaced.status, 401, "{}", replaced.body);
    let raised = town
        .place
        .told(REVOKED, |told| told["user_id"] == attacker.id.as_str());
    assert!(raised.await["version"].as_u64().unwrap() > 0);

    // The victim sets a new password.
    let asked = json!({ "email": "ada@example.org" });
    town.place.post("/auth/v1/password/reset/request", &asked);
    let token = town.place.link(RESET, &attacker.id, 2).await;
    let given = json!({ "token": token, "new_password": "the words of the owner" });
    let replaced = town.place.post("/auth/v1/password/reset/confirm", &given);
    assert_eq!(replaced.status, 204, "{}", replaced.body);
}

pub(crate) async fn linking_drops_identities_with_unproven_addresses_auth_4(town: Town) {
    let Some(town) = town else { return };
    let evil = message(&town.log_in("evil-ada"));
    let id = evil["user"]["id"].as_str().unwrap();
    let token = town.place.link(VERIFY, id, 1).await;
    let shown = json!({ "token": token });
    let shown = town.place.post("/auth/v1/verify-email/confirm", &shown);
    assert_eq!(shown.status, 200, "{}", shown.body);

    let ada = message(&town.log_in("ada"));
    assert_eq!(ada["user"]["id"], evil["user"]["id"]);
    assert_eq!(identities(&town.place).await, 1);
    assert_eq!(
        refused(&town.log_in("evil-ada")),
        "the provider has not verified the e-mail address"
    );
    let bearer = format!("Bearer {}", evil["access_token"].as_str().unwrap());
    let old = [("authorization", bearer.as_str())];
    let old = town.place.send("GET", "/auth/v1/me", &old, "");
    assert_eq!(code(&old), "token_invalid", "{}", old.body);
}

pub(crate) async fn an_account_that_has_not_shown_its_address_is_not_linked_auth_4(town: Town) {
    let Some(town) = town else { return };
    town.place.register("ada@example.org");
    let answer = town.log_in("ada");
    assert_eq!(
        refused(&answer),
        "email already registered but not verified"
    );
    assert_eq!(identities(&town.place).await, 0);
    assert_eq!(written_down(&town.place, "user.link", "refused").await, 1);
}

pub(crate) async fn a_provider_that_has_not_seen_the_address_links_nothing_auth_4(town: Town) {
    let Some(town) = town else { return };
    verified(&town.place, "ada@example.org").await;
    let answer = town.log_in("evil-ada");
    assert_eq!(
        refused(&answer),
        "the provider has not verified the e-mail address"
    );
    assert_eq!(identities(&town.place).await, 0);
    assert_eq!(written_down(&town.place, "user.link", "refused").await, 1);
}

pub(crate) async fn whoever_made_an_account_of_anothers_address_loses_it_to_the_owner_auth_4(
    town: Town,
) {
    let Some(town) = town else { return };
    // Somebody who has not shown the address to the provider either.
    let evil = message(&town.log_in("evil-ada"));
    let id = evil["user"]["id"].as_str().unwrap();
    assert_eq!(identities(&town.place).await, 1);
    // The owner does what the mail says, and then finds an account that is not of her making.
    let token = town.place.link(VERIFY, id, 1).await;
    let shown = json!({ "token": token });
    let shown = town.place.post("/auth/v1/verify-email/confirm", &shown);
    assert_eq!(shown.status, 200, "{}", shown.body);
    let asked = json!({ "email": "ada@example.org" });
    let asked = town.place.post("/auth/v1/password/reset/request", &asked);
    assert_eq!(asked.status, 204, "{}", asked.body);
    let token = town.place.link(RESET, id, 1).await;
    let given = json!({ "token": token, "new_password": "the words of the owner" });
    let replaced = town.place.post("/auth/v1/password/reset/confirm", &given);
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(identities(&town.place).await, 0);
    assert_eq!(
        refused(&town.log_in("evil-ada")),
        "the provider has not verified the e-mail address"
    );
    let owner = town
        .place
        .log_in("ada@example.org", "the words of the owner");
    assert_eq!(owner.status, 200, "{}", owner.body);
}

pub(crate) async fn a_banned_user_does_not_come_in_by_a_provider_auth_4(town: Town) {
    let Some(town) = town else { return };
    // Known at the provider, and not known yet.
    let eve = message(&town.log_in("eve"));
    ban(&town.place, eve["user"]["id"].as_str().unwrap());
    assert_eq!(refused(&town.log_in("eve")), "the account is locked");
    let ada = verified(&town.place, "ada@example.org").await;
    ban(&town.place, &ada.id);
    assert_eq!(refused(&town.log_in("ada")), "the account is locked");
    assert_eq!(identities(&town.place).await, 1, "nothing is linked");
    assert_eq!(written_down(&town.place, "user.login", "refused").await, 2);
}

pub(crate) async fn a_login_is_good_once_over_all_replicas_auth_4(town: Town) {
    let Some(town) = town else { return };
    let own = settings(&town.provider);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let replica = town.place.replica(&own).await;
    let begun = town.begin("");
    let back = town.at_provider(&begun, "ada");
    let cookie = [("cookie", begun.cookie.as_str())];
    let path = callback_path("google", &back);
    // Begun at one, ended at the other.
    let there = request(replica.addresses().http, "GET", &path, &cookie, "").unwrap();
    assert_eq!(message(&there)["type"], "oauth_success", "{}", there.body);
    assert_eq!(
        refused(&town.come_back(&begun.cookie, &back)),
        UNKNOWN_STATE
    );
    let again = request(replica.addresses().http, "GET", &path, &cookie, "").unwrap();
    assert_eq!(refused(&again), UNKNOWN_STATE);
    replica.stop().await;
}

pub(crate) async fn two_windows_of_somebody_new_make_one_account_auth_4(town: Town) {
    let Some(town) = town else { return };
    let windows: Vec<_> = (0..2)
        .map(|_| {
            let begun = town.begin("");
            let back = town.at_provider(&begun, "ada");
            (begun.cookie, back)
        })
        .collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let both: Vec<_> = windows
            .iter()
            .map(|(cookie, back)| scope.spawn(|| message(&town.come_back(cookie, back))))
            .collect();
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers[0]["type"], "oauth_success", "{answers:?}");
    assert_eq!(answers[0]["user"], answers[1]["user"]);
    assert_eq!(identities(&town.place).await, 1);
}
