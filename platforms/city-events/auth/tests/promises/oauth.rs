//! The way of a login by a provider, there and back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seaworthy::{config::Profile, data::sql};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::{
    place::{body, open_with},
    provider::{HOSTILE, Harbour, message, open_with_more, outcome, refused},
};

const UNKNOWN_STATE: &str = "invalid or expired oauth state";

/// A provider may not be installed.
type Town = Option<Harbour>;

async fn harbour(more: &[&str]) -> Town {
    open_with_more(EmptyDatabase::sqlite().unwrap(), more).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_sent_to_the_provider_as_the_contract_says_auth_4() {
    let Some(town) = harbour(&[]).await else {
        return;
    };
    let begun = town.begin("?redirect_to=/events");
    let (page, query) = begun.location.split_once('?').unwrap();
    assert!(page.starts_with(&town.provider.issuer()));
    assert!(begun.location.contains("&state="), "{}", begun.location);
    for pair in [
        "client_id=city-events",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fapi%2Fauth%2Foauth%2Fgoogle%2Fcallback",
        "response_type=code",
        "scope=openid+email+profile",
        "code_challenge_method=S256",
        "access_type=offline",
        "prompt=consent",
    ] {
        assert!(query.split('&').any(|one| one == pair), "{pair} in {query}");
    }
    let of = |name: &str| {
        let pair = query
            .split('&')
            .find(|pair| pair.starts_with(name))
            .unwrap();
        pair.len() - name.len()
    };
    // 32 bytes in base64url.
    assert_eq!((of("state="), of("code_challenge=")), (43, 43));
    assert!(!query.contains("verifier") && !query.contains("secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_is_used_unknown_or_somebody_elses_is_refused_auth_4() {
    let Some(town) = harbour(&[]).await else {
        return;
    };
    let begun = town.begin("");
    let back = town.at_provider(&begun, "ada");
    let other = town.begin("");
    // Another browser, and one without any cookie.
    for cookie in ["a=b", "openid_google=", other.cookie.as_str()] {
        assert_eq!(refused(&town.come_back(cookie, &back)), UNKNOWN_STATE);
    }
    assert_eq!(
        refused(&town.come_back_to("github", &begun.cookie, &back)),
        UNKNOWN_STATE
    );
    let unknown = format!(
        "/auth/v1/oauth/google/callback?code=a&state={}",
        "A".repeat(43)
    );
    let cookie = [("cookie", begun.cookie.as_str())];
    assert_eq!(
        refused(&town.place.send("GET", &unknown, &cookie, "")),
        UNKNOWN_STATE
    );
    // The answer of another provider.
    let (_, iss) = back.split_once("&iss=").unwrap();
    let mixed = back.replace(iss, "https%3A%2F%2Fevil.example");
    let mixed = refused(&town.come_back(&begun.cookie, &mixed));
    assert_eq!(mixed, "the response is not by the requested provider");

    // Only the exchange of a code uses up a login: an answer that is refused before it does not.
    assert_eq!(town.come_back(&begun.cookie, &back).status, 200);
    assert_eq!(
        refused(&town.come_back(&begun.cookie, &back)),
        UNKNOWN_STATE
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_took_too_long_is_refused_auth_4() {
    let Some(town) = harbour(&["oauth.state_ttl=2s"]).await else {
        return;
    };
    let begun = town.begin("");
    let seconds = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let end = seconds() + 2;
    let back = town.at_provider(&begun, "ada");
    while seconds() <= end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        refused(&town.come_back(&begun.cookie, &back)),
        UNKNOWN_STATE
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_provider_refuses_is_told_so_auth_4() {
    let Some(mut town) = harbour(&[]).await else {
        return;
    };
    let begun = town.begin("");
    let back = town.at_provider(&begun, "nobody");
    assert!(back.contains("error=access_denied"), "{back}");
    // Nothing of what comes by way of the browser is repeated.
    let back = format!("{back}&error_uri=%3Cscript%3E").replace("nobody", "%3Cscript%3E");
    let answer = town.come_back(&begun.cookie, &back);
    assert_eq!(
        refused(&answer),
        "the provider rejected the login: access denied"
    );
    assert!(!answer.body.contains("<script>alert"));

    // A code that was sent to somebody else is worth nothing.
    let victim = town.begin("");
    let stolen = town.at_provider(&victim, "ada");
    let thief = town.begin("");
    let state = |address: &str| {
        let (_, rest) = address.split_once("state=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let injected = stolen.replace(&state(&stolen), &state(&thief.location));
    let answer = town.come_back(&thief.cookie, &injected);
    assert_eq!(refused(&answer), "the provider rejected the code");

    // An address that mail cannot be sent to makes no account.
    assert_eq!(refused(&town.log_in("odd")), "email is invalid");

    // Who cannot be asked is not the caller's fault.
    let begun = town.begin("");
    let back = town.at_provider(&begun, "ada");
    town.provider.kill();
    let answer = town.come_back(&begun.cookie, &back);
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(message(&answer)["type"], "oauth_error");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_ends_at_a_page_of_the_list_and_else_at_the_first_auth_4() {
    let Some(town) = harbour(&["oauth.allowed_redirects=/events,/profile"]).await else {
        return;
    };
    for (wanted, ends) in [
        ("?redirect_to=/profile", "/profile"),
        ("?redirect_to=/events", "/events"),
        ("?redirect_to=/settings", "/"),
        ("?redirect_to=/events/", "/"),
        ("?redirect_to=/events%3Fa=b", "/"),
        ("?redirect_to=https://evil.example", "/"),
        ("?redirect_to=//evil.example", "/"),
        ("", "/"),
    ] {
        let begun = town.begin(wanted);
        let back = town.at_provider(&begun, "ada");
        let told = message(&town.come_back(&begun.cookie, &back));
        assert_eq!(told["redirect_to"], ends, "{wanted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_tells_one_origin_and_runs_its_own_script_alone_auth_4() {
    let Some(town) = harbour(&["oauth.frontend_origin=https://events.example.org"]).await else {
        return;
    };
    for answer in [town.log_in(HOSTILE), {
        let begun = town.begin("");
        town.come_back(&begun.cookie, &town.at_provider(&begun, "nobody"))
    }] {
        assert_eq!(outcome(&answer)["origin"], "https://events.example.org");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-")
                && !policy.contains("unsafe")
                && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        // The data and the script, and nothing that somebody put there.
        assert_eq!(answer.body.matches("<script").count(), 2, "{}", answer.body);
        assert_eq!(answer.body.matches("</script").count(), 2);
        assert!(!answer.body.contains("alert"), "{}", answer.body);
        assert!(answer.body.contains("postMessage(message, origin)"));
    }
    let (name,): (String,) = sql("SELECT username FROM users WHERE email = ?")
        .bind("mallory@example.org")
        .fetch_one(&town.place.connected().await)
        .await
        .unwrap();
    assert!(name.starts_with("</script>"), "it was that name: {name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_by_a_provider_are_counted_and_tell_no_secret_auth_4() {
    let Some(town) = harbour(&[]).await else {
        return;
    };
    let begun = town.begin("");
    let back = town.at_provider(&begun, "ada");
    let told = message(&town.come_back(&begun.cookie, &back));
    town.come_back(&begun.cookie, &back);
    let metrics = town.place.send("GET", "/metrics", &[], "").body;
    for line in [
        r#"openid_logins_total{outcome="SUCCESS",provider="google"} 1"#,
        r#"openid_logins_total{outcome="OPENID_USED",provider="google"} 1"#,
        r#"auth_service_login_attempts_total{status="success"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    for secret in [
        "ada",
        begun.cookie.as_str(),
        told["access_token"].as_str().unwrap(),
    ] {
        assert!(!metrics.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_by_a_provider_that_is_not_set_up_is_refused_auth_4() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let place = open_with(empty, Profile::Development, &[]).await;
    for (provider, told) in [
        ("google", "oauth_not_configured"),
        ("github", "unsupported_provider"),
        ("discord", "unsupported_provider"),
        ("nobody", "unsupported_provider"),
    ] {
        let path = format!("/auth/v1/oauth/{provider}/start?redirect_to=https://evil.example");
        let answer = place.send("GET", &path, &[], "");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (400, told),
            "{provider}"
        );
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/plain")
        );
        let path = format!("/auth/v1/oauth/{provider}/callback?code=a&state=b");
        let answer = place.send("GET", &path, &[], "");
        assert_eq!(refused(&answer), UNKNOWN_STATE);
    }
    let offered = place.send("GET", "/auth/v1/oauth/providers", &[], "");
    assert_eq!(body(&offered), json!({ "data": { "providers": [] } }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_up_is_offered_and_a_provider_that_is_away_is_no_reason_not_to_start_auth_4() {
    let Some(mut town) = harbour(&[]).await else {
        return;
    };
    let offered = town.place.send("GET", "/auth/v1/oauth/providers", &[], "");
    assert_eq!(
        body(&offered),
        json!({ "data": { "providers": ["google"] } })
    );
    town.provider.kill();
    let answer = town
        .place
        .send("GET", "/auth/v1/oauth/google/start", &[], "");
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    assert!(answer.header("location").is_none());
}
