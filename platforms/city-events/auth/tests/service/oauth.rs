//! The redirects, states and result page of logins by a provider.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seaworthy::{config::Profile, data::sql};
use seaworthy_testkit::{database::EmptyDatabase, server::free_address};
use serde_json::json;

use crate::{
    app::{body, open_with},
    provider::{HOSTILE, ProviderTestApp, error_of, message, open_with_settings, outcome},
};

const UNKNOWN_STATE: &str = "invalid or expired oauth state";

async fn open(more: &[&str]) -> Option<ProviderTestApp> {
    open_with_settings(EmptyDatabase::sqlite().unwrap(), more).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn start_redirects_to_the_provider_auth_4() {
    let Some(test) = open(&[]).await else {
        return;
    };
    let started = test.begin("?redirect_to=/events");
    let (page, query) = started.location.split_once('?').unwrap();
    assert!(page.starts_with(&test.provider.issuer()));
    assert!(started.location.contains("&state="), "{}", started.location);
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
async fn used_unknown_or_foreign_states_are_rejected_auth_4() {
    let Some(test) = open(&[]).await else {
        return;
    };
    let started = test.begin("");
    let back = test.log_in_at_provider(&started, "ada");
    let other = test.begin("");
    // Browsers without the cookie, and with the cookie of another login.
    for cookie in ["a=b", "openid_google=", other.cookie.as_str()] {
        assert_eq!(error_of(&test.finish(cookie, &back)), UNKNOWN_STATE);
    }
    assert_eq!(
        error_of(&test.finish_at("github", &started.cookie, &back)),
        UNKNOWN_STATE
    );
    let unknown = format!(
        "/auth/v1/oauth/google/callback?code=a&state={}",
        "A".repeat(43)
    );
    let cookie = [("cookie", started.cookie.as_str())];
    assert_eq!(
        error_of(&test.app.send("GET", &unknown, &cookie, "")),
        UNKNOWN_STATE
    );
    // A response by another issuer.
    let (_, iss) = back.split_once("&iss=").unwrap();
    let mixed = back.replace(iss, "https%3A%2F%2Fevil.example");
    let mixed = error_of(&test.finish(&started.cookie, &mixed));
    assert_eq!(mixed, "the response is not from the requested provider");

    // Only the exchange of a code consumes a login. A response rejected earlier does not.
    assert_eq!(test.finish(&started.cookie, &back).status, 200);
    assert_eq!(
        error_of(&test.finish(&started.cookie, &back)),
        UNKNOWN_STATE
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_states_are_rejected_auth_4() {
    let Some(test) = open(&["oauth.state_ttl=2s"]).await else {
        return;
    };
    let started = test.begin("");
    let seconds = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let end = seconds() + 2;
    let back = test.log_in_at_provider(&started, "ada");
    while seconds() <= end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        error_of(&test.finish(&started.cookie, &back)),
        UNKNOWN_STATE
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_the_provider_are_shown_auth_4() {
    let Some(mut test) = open(&[]).await else {
        return;
    };
    let started = test.begin("");
    let back = test.log_in_at_provider(&started, "unknown");
    assert!(back.contains("error=access_denied"), "{back}");
    // The page does not repeat parameters of the callback.
    let back = format!("{back}&error_uri=%3Cscript%3E").replace("unknown", "%3Cscript%3E");
    let answer = test.finish(&started.cookie, &back);
    assert_eq!(
        error_of(&answer),
        "the provider rejected the login: access denied"
    );
    assert!(!answer.body.contains("<script>alert"));

    // A code of another login is rejected.
    let victim = test.begin("");
    let stolen = test.log_in_at_provider(&victim, "ada");
    let thief = test.begin("");
    let state = |address: &str| {
        let (_, rest) = address.split_once("state=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let injected = stolen.replace(&state(&stolen), &state(&thief.location));
    let answer = test.finish(&thief.cookie, &injected);
    assert_eq!(error_of(&answer), "the provider rejected the code");

    // An undeliverable address creates no account.
    assert_eq!(error_of(&test.log_in("odd")), "email is invalid");

    // An unavailable provider is a server error.
    let started = test.begin("");
    let back = test.log_in_at_provider(&started, "ada");
    test.provider.kill();
    let answer = test.finish(&started.cookie, &back);
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(message(&answer)["type"], "oauth_error");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_ends_only_at_allowed_paths_auth_4() {
    let Some(test) = open(&["oauth.allowed_redirects=/events,/profile"]).await else {
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
        let started = test.begin(wanted);
        let back = test.log_in_at_provider(&started, "ada");
        let result = message(&test.finish(&started.cookie, &back));
        assert_eq!(result["redirect_to"], ends, "{wanted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn result_page_sends_to_one_origin_and_blocks_scripts_auth_4() {
    let Some(test) = open(&["oauth.frontend_origin=https://events.example.org"]).await else {
        return;
    };
    for answer in [test.log_in(HOSTILE), {
        let started = test.begin("");
        test.finish(
            &started.cookie,
            &test.log_in_at_provider(&started, "unknown"),
        )
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
        // The page has its data and its script, and no other script.
        assert_eq!(answer.body.matches("<script").count(), 2, "{}", answer.body);
        assert_eq!(answer.body.matches("</script").count(), 2);
        assert!(!answer.body.contains("alert"), "{}", answer.body);
        assert!(answer.body.contains("postMessage(message, origin)"));
    }
    let (name,): (String,) = sql("SELECT username FROM users WHERE email = ?")
        .bind("mallory@example.org")
        .fetch_one(&test.app.connect().await)
        .await
        .unwrap();
    assert!(
        name.starts_with("</script>"),
        "the name is stored as given: {name}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provider_logins_are_counted_without_secrets_auth_4() {
    let Some(test) = open(&[]).await else {
        return;
    };
    let started = test.begin("");
    let back = test.log_in_at_provider(&started, "ada");
    let result = message(&test.finish(&started.cookie, &back));
    test.finish(&started.cookie, &back);
    let metrics = test.app.send("GET", "/metrics", &[], "").body;
    for line in [
        r#"openid_logins_total{outcome="SUCCESS",provider="google"} 1"#,
        r#"openid_logins_total{outcome="OPENID_USED",provider="google"} 1"#,
        r#"auth_service_login_attempts_total{status="success"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    for secret in [
        "ada",
        started.cookie.as_str(),
        result["access_token"].as_str().unwrap(),
    ] {
        assert!(!metrics.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unconfigured_providers_are_rejected_auth_4() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Development, &[]).await;
    for (provider, result) in [
        ("google", "oauth_not_configured"),
        ("github", "unsupported_provider"),
        ("discord", "unsupported_provider"),
        ("unknown", "unsupported_provider"),
    ] {
        let path = format!("/auth/v1/oauth/{provider}/start?redirect_to=https://evil.example");
        let answer = app.send("GET", &path, &[], "");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (400, result),
            "{provider}"
        );
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/plain")
        );
        let path = format!("/auth/v1/oauth/{provider}/callback?code=a&state=b");
        let answer = app.send("GET", &path, &[], "");
        assert_eq!(error_of(&answer), UNKNOWN_STATE);
    }
    let offered = app.send("GET", "/auth/v1/oauth/providers", &[], "");
    assert_eq!(body(&offered), json!({ "data": { "providers": [] } }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unavailable_provider_does_not_stop_the_service_auth_4() {
    let issuer = format!("oauth.google.issuer=http://{}", free_address().unwrap());
    let Some(test) = open(&[&issuer]).await else {
        return;
    };
    let offered = test.app.send("GET", "/auth/v1/oauth/providers", &[], "");
    assert_eq!(
        body(&offered),
        json!({ "data": { "providers": ["google"] } })
    );
    let answer = test.app.send("GET", "/auth/v1/oauth/google/start", &[], "");
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    assert!(answer.header("location").is_none());
}
