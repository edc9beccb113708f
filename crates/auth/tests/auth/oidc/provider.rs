use seaworthy_client::HttpClientConfig;
use seaworthy_core::{Code, Error, Secret, SecretRotation, Timeout};
use seaworthy_testkit::{
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::{Value, json};

use crate::oidc::browser::{CALLBACK, CLIENT, SECRET, TestApp, config, parameter, with_parameter};
use seaworthy_auth::{
    oidc::{ClientAuthentication, OpenIdError, ProviderRejection},
    token::Algorithm,
};

fn registrations() -> OidcRegistrations {
    OidcRegistrations::new()
        .client(CLIENT, SECRET, CALLBACK, &Value::Null)
        .client("other", "other-secret", CALLBACK, &Value::Null)
        .client(
            "posting",
            "posting-secret",
            CALLBACK,
            &json!({ "token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "ES256" }),
        )
        .account("ada", "ada@example.org", true)
        .account("eve", "eve@example.org", false)
}

fn start(registrations: &OidcRegistrations) -> Option<OidcProvider> {
    let modules = required("SEAWORTHY_TEST_OIDC_PROVIDER")?;
    Some(OidcProvider::start(modules, registrations).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn user_logs_in_by_a_real_provider_auth_4() {
    for is_in_token in [false, true] {
        let registrations = registrations();
        let registrations = if is_in_token {
            registrations.claims_in_token()
        } else {
            registrations
        };
        let Some(provider) = start(&registrations) else {
            return;
        };
        let app = TestApp::new(config(&provider.issuer()));
        let started = app.begin("/events?city=Oslo").await;
        assert_eq!(
            parameter(&started.location, "code_challenge_method"),
            "S256"
        );
        let back = provider.log_in(&started.location, "ada").unwrap();
        let finished = app.finish(&started.cookie, &back).await.unwrap();
        let identity = &finished.identity;
        assert_eq!(
            (identity.issuer(), identity.subject()),
            (provider.issuer().as_str(), "ada")
        );
        assert_eq!(
            identity.verified_email().unwrap().expose(),
            "ada@example.org"
        );
        assert_eq!(identity.name().unwrap().expose(), "ada");
        assert_eq!(finished.return_to.as_str(), "/events?city=Oslo");
        assert!(finished.cookie.to_str().unwrap().contains("Max-Age=0"));
        let counted = app.metrics();
        assert!(
            counted.contains(r#"openid_logins_total{outcome="SUCCESS",provider="provider"} 1"#),
            "{counted}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_in_body_and_other_algorithm_work_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let mut config = config(&provider.issuer());
    config.client_id = "posting".to_owned();
    config.client_secret = Some(Secret::new("posting-secret".to_owned()));
    config.client_authentication = Some(ClientAuthentication::Post);
    let app = TestApp::new(config.clone());
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    assert_eq!(app.reason(&started.cookie, &back).await, "SUCCESS");

    // The algorithm of the token is not allowed.
    config.algorithms = vec![Algorithm::Rs256];
    let app = TestApp::new(config.clone());
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    assert_eq!(app.reason(&started.cookie, &back).await, "OPENID_TOKEN");

    config.client_secret = Some(Secret::new("wrong".to_owned()));
    let app = TestApp::new(config);
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    let error = app.finish(&started.cookie, &back).await.unwrap_err();
    assert_eq!(error.reason(), "OPENID_CLIENT");
    assert_eq!(Error::from(error).code(), Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn rotated_client_secret_is_used_by_the_next_login_conf_5() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let rotation = SecretRotation::default();
    for (client, secret, method) in [
        ("posting", "posting-secret", ClientAuthentication::Post),
        (CLIENT, SECRET, ClientAuthentication::Basic),
    ] {
        let mut config = config(&provider.issuer());
        config.client_id = client.to_owned();
        config.client_secret = Some(Secret::with_rotation("wrong".to_owned(), &rotation));
        config.client_authentication = Some(method);
        let app = TestApp::new(config);
        for (newest, reason) in [("still wrong", "OPENID_CLIENT"), (secret, "SUCCESS")] {
            rotation.set(Secret::new(newest.to_owned()));
            let started = app.begin("/").await;
            let back = provider.log_in(&started.location, "ada").unwrap();
            assert_eq!(app.reason(&started.cookie, &back).await, reason, "{client}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callback_is_bound_to_browser_and_single_use_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    // Browsers without a cookie, and with the cookie of another login.
    let other = app.begin("/").await;
    for cookie in ["openid_provider=", "b=c", other.cookie.as_str()] {
        assert_eq!(app.reason(cookie, &back).await, "OPENID_STATE");
    }
    let twice = format!("{}; {}", started.cookie, started.cookie);
    assert_eq!(app.reason(&twice, &back).await, "OPENID_STATE");
    for state in ["", "AAAA", parameter(&other.location, "state")] {
        let forged = with_parameter(&back, "state", state);
        assert_eq!(app.reason(&started.cookie, &forged).await, "OPENID_STATE");
    }
    // Rejected callbacks do not consume the login.
    assert_eq!(app.reason(&started.cookie, &back).await, "SUCCESS");
    assert_eq!(app.reason(&started.cookie, &back).await, "OPENID_USED");
    // The code is consumed too, also for another login of this browser.
    let again = app.begin("/").await;
    let replayed = with_parameter(&back, "state", parameter(&again.location, "state"));
    assert_eq!(app.reason(&again.cookie, &replayed).await, "OPENID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn invented_code_does_not_consume_the_login_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    for code in ["invented", "another"] {
        let invented = with_parameter(&back, "code", code);
        assert_eq!(app.reason(&started.cookie, &invented).await, "OPENID_CODE");
    }
    assert_eq!(app.reason(&started.cookie, &back).await, "SUCCESS");
    assert_eq!(app.reason(&started.cookie, &back).await, "OPENID_USED");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_concurrent_callbacks_succeeds_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    let (one, other) = tokio::join!(
        app.reason(&started.cookie, &back),
        app.reason(&started.cookie, &back)
    );
    let mut reasons = [one, other];
    reasons.sort_unstable();
    assert_eq!(reasons, ["OPENID_USED", "SUCCESS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stolen_code_fails_without_its_verifier_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let victim = app.begin("/").await;
    let stolen = provider.log_in(&victim.location, "ada").unwrap();
    // The attacker uses the code in another login, with its state and cookie.
    let thief = app.begin("/").await;
    let injected = with_parameter(&stolen, "state", parameter(&thief.location, "state"));
    assert_eq!(app.reason(&thief.cookie, &injected).await, "OPENID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_of_another_login_is_rejected_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let sent = with_parameter(&started.location, "nonce", "of-another-login");
    let back = provider.log_in(&sent, "ada").unwrap();
    assert_eq!(app.reason(&started.cookie, &back).await, "OPENID_NONCE");
}

#[tokio::test(flavor = "multi_thread")]
async fn response_by_another_provider_is_rejected_auth_4() {
    let (Some(provider), Some(other)) = (start(&registrations()), start(&registrations())) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    // Redirect the browser to the other provider with the parameters of this login.
    let sent = started
        .location
        .replace(&provider.issuer(), &other.issuer());
    let back = other.log_in(&sent, "ada").unwrap();
    assert_eq!(app.reason(&started.cookie, &back).await, "OPENID_ISSUER");
    // A provider that always sends `iss` must send it.
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    let iss = format!("&iss={}", parameter(&back, "iss"));
    let bare = back.replace(&iss, "");
    assert_ne!(bare, back);
    assert_eq!(app.reason(&started.cookie, &bare).await, "OPENID_ISSUER");
}

#[tokio::test(flavor = "multi_thread")]
async fn unverified_address_is_an_error_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "eve").unwrap();
    let finished = app.finish(&started.cookie, &back).await.unwrap();
    let error = finished.identity.verified_email().unwrap_err();
    assert!(matches!(error, OpenIdError::EmailUnverified));
    assert_eq!(Error::from(error).code(), Code::Forbidden);
    // Without the scope the provider sends no address.
    let mut config = config(&provider.issuer());
    config.scopes = vec!["openid".to_owned()];
    let app = TestApp::new(config);
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    let finished = app.finish(&started.cookie, &back).await.unwrap();
    let error = finished.identity.verified_email().unwrap_err();
    assert!(matches!(error, OpenIdError::EmailMissing));
}

#[tokio::test(flavor = "multi_thread")]
async fn rejection_of_the_provider_is_reported_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "unknown").unwrap();
    assert_eq!(parameter(&back, "error"), "access_denied");
    let error = app.finish(&started.cookie, &back).await.unwrap_err();
    assert!(matches!(
        error,
        OpenIdError::Rejected(ProviderRejection::AccessDenied)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_of_the_provider_are_fetched_auth_4() {
    let Some(mut provider) = start(&registrations()) else {
        return;
    };
    let app = TestApp::new(config(&provider.issuer()));
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();
    assert_eq!(app.reason(&started.cookie, &back).await, "SUCCESS");
    provider.restart().unwrap();
    // The minimum time between fetches of the keys delays the new ones.
    loop {
        let started = app.begin("/").await;
        let back = provider.log_in(&started.location, "ada").unwrap();
        match app.reason(&started.cookie, &back).await {
            "SUCCESS" => break,
            reason => assert_eq!(reason, "OPENID_TOKEN"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
}

/// Returns settings with short timeouts for unavailable providers.
fn short_timeouts() -> HttpClientConfig {
    let mut config = HttpClientConfig::default();
    config.policies.attempt_timeout = Timeout::from_millis(500);
    config.policies.total_timeout = Timeout::from_secs(1);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_or_unavailable_provider_times_out_auth_4() {
    let Some(mut provider) = start(&registrations()) else {
        return;
    };
    let mut config = config(&provider.issuer());
    config.timeout = Timeout::from_secs(3);
    let app = TestApp::new(config.clone());
    let started = app.begin("/").await;
    let back = provider.log_in(&started.location, "ada").unwrap();

    // The provider accepts connections and never responds.
    provider.freeze();
    let hasty = TestApp::with_client(config.clone(), short_timeouts());
    for outcome in [
        hasty.login.begin(Default::default()).await.map(drop),
        app.finish(&started.cookie, &back).await.map(drop),
    ] {
        let error = outcome.unwrap_err();
        assert!(error.is_transient());
        assert_eq!(error.reason(), "OPENID_UNAVAILABLE");
        assert_eq!(Error::from(error).code(), Code::Unavailable);
    }
    // Concurrent logins wait for one request to the provider.
    let started_at = std::time::Instant::now();
    let all = (0..100).map(|_| hasty.login.begin(Default::default()));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(Result::is_err));
    assert!(started_at.elapsed() < std::time::Duration::from_secs(10));
    provider.resume();

    provider.kill();
    let app = TestApp::with_client(config, short_timeouts());
    let error = app.login.begin(Default::default()).await.unwrap_err();
    assert_eq!(error.reason(), "OPENID_UNAVAILABLE");
    // Logins work again after the restart.
    provider.restart().unwrap();
    let started = loop {
        match app.login.begin(Default::default()).await {
            Ok(started) => break started,
            Err(error) => assert!(error.is_transient()),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(
        started
            .location
            .to_str()
            .unwrap()
            .starts_with(&provider.issuer())
    );
}

#[tokio::test]
async fn login_begins_without_provider_at_configured_page_res_4() {
    let mut config = config("https://127.0.0.1:1");
    config.authorization_endpoint = Some("https://login.example.org/page?a=b".to_owned());
    let started = TestApp::new(config).begin("/").await;
    let page = "https://login.example.org/page?a=b&client_id=";
    assert!(started.location.starts_with(page), "{}", started.location);
}
