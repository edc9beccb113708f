use seaworthy_client::HttpClientConfig;
use seaworthy_core::{Code, Error, Secret, Timeout};
use seaworthy_testkit::{
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::{Value, json};

use crate::browser::{CALLBACK, CLIENT, SECRET, Site, config, parameter, with_parameter};
use seaworthy_auth::{
    oidc::{OpenIdError, ProviderRefusal},
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
async fn somebody_is_logged_in_by_a_real_provider_auth_4() {
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
        let site = Site::new(config(&provider.issuer()));
        let begun = site.begin("/events?city=Oslo").await;
        assert_eq!(parameter(&begun.location, "code_challenge_method"), "S256");
        let back = provider.log_in(&begun.location, "ada").unwrap();
        let finished = site.finish(&begun.cookie, &back).await.unwrap();
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
        let counted = site.metrics();
        assert!(
            counted.contains(r#"openid_logins_total{outcome="SUCCESS",provider="provider"} 1"#),
            "{counted}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_body_and_another_algorithm_are_spoken_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let mut config = config(&provider.issuer());
    config.client_id = "posting".to_owned();
    config.client_secret = Some(Secret::new("posting-secret".to_owned()));
    config.client_authentication = Some(seaworthy_auth::oidc::ClientAuthentication::Post);
    let site = Site::new(config.clone());
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    assert_eq!(site.reason(&begun.cookie, &back).await, "SUCCESS");

    // The same token where its algorithm is not in the list.
    config.algorithms = vec![Algorithm::Rs256];
    let site = Site::new(config.clone());
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    assert_eq!(site.reason(&begun.cookie, &back).await, "OPENID_TOKEN");

    config.client_secret = Some(Secret::new("wrong".to_owned()));
    let site = Site::new(config);
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    let error = site.finish(&begun.cookie, &back).await.unwrap_err();
    assert_eq!(error.reason(), "OPENID_CLIENT");
    assert_eq!(Error::from(error).code(), Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_counts_once_and_in_the_browser_that_began_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    // Another browser, one without a cookie, and one whose login is another one.
    let other = site.begin("/").await;
    for cookie in ["openid_provider=", "b=c", other.cookie.as_str()] {
        assert_eq!(site.reason(cookie, &back).await, "OPENID_STATE");
    }
    let twice = format!("{}; {}", begun.cookie, begun.cookie);
    assert_eq!(site.reason(&twice, &back).await, "OPENID_STATE");
    for state in ["", "AAAA", parameter(&other.location, "state")] {
        let forged = with_parameter(&back, "state", state);
        assert_eq!(site.reason(&begun.cookie, &forged).await, "OPENID_STATE");
    }
    // None of that has used it up.
    assert_eq!(site.reason(&begun.cookie, &back).await, "SUCCESS");
    assert_eq!(site.reason(&begun.cookie, &back).await, "OPENID_USED");
    // The code is used up too: in a login that this browser has begun since.
    let again = site.begin("/").await;
    let replayed = with_parameter(&back, "state", parameter(&again.location, "state"));
    assert_eq!(site.reason(&again.cookie, &replayed).await, "OPENID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn callback_with_an_invented_code_uses_up_nothing_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    for code in ["invented", "another"] {
        let invented = with_parameter(&back, "code", code);
        assert_eq!(site.reason(&begun.cookie, &invented).await, "OPENID_CODE");
    }
    assert_eq!(site.reason(&begun.cookie, &back).await, "SUCCESS");
    assert_eq!(site.reason(&begun.cookie, &back).await, "OPENID_USED");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callbacks_at_once_one_counts_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    let (one, other) = tokio::join!(
        site.reason(&begun.cookie, &back),
        site.reason(&begun.cookie, &back)
    );
    let mut reasons = [one, other];
    reasons.sort_unstable();
    assert_eq!(reasons, ["OPENID_USED", "SUCCESS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_code_is_worth_nothing_without_its_verifier_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let victim = site.begin("/").await;
    let stolen = provider.log_in(&victim.location, "ada").unwrap();
    // Whoever has the code puts it into a login of their own, with their own state and cookie.
    let thief = site.begin("/").await;
    let injected = with_parameter(&stolen, "state", parameter(&thief.location, "state"));
    assert_eq!(site.reason(&thief.cookie, &injected).await, "OPENID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_login_is_refused_by_its_nonce_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let sent = with_parameter(&begun.location, "nonce", "of-another-login");
    let back = provider.log_in(&sent, "ada").unwrap();
    assert_eq!(site.reason(&begun.cookie, &back).await, "OPENID_NONCE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_another_provider_is_refused_auth_4() {
    let (Some(provider), Some(other)) = (start(&registrations()), start(&registrations())) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    // The browser is sent to the other provider with everything of this login.
    let sent = begun.location.replace(&provider.issuer(), &other.issuer());
    let back = other.log_in(&sent, "ada").unwrap();
    assert_eq!(site.reason(&begun.cookie, &back).await, "OPENID_ISSUER");
    // One that always says who it is cannot be made to say nothing.
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    let iss = format!("&iss={}", parameter(&back, "iss"));
    let bare = back.replace(&iss, "");
    assert_ne!(bare, back);
    assert_eq!(site.reason(&begun.cookie, &bare).await, "OPENID_ISSUER");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_verified_finds_no_account_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "eve").unwrap();
    let finished = site.finish(&begun.cookie, &back).await.unwrap();
    let error = finished.identity.verified_email().unwrap_err();
    assert!(matches!(error, OpenIdError::EmailUnverified));
    assert_eq!(Error::from(error).code(), Code::Forbidden);
    // Without the scope nothing is told.
    let mut config = config(&provider.issuer());
    config.scopes = vec!["openid".to_owned()];
    let site = Site::new(config);
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    let finished = site.finish(&begun.cookie, &back).await.unwrap();
    let error = finished.identity.verified_email().unwrap_err();
    assert!(matches!(error, OpenIdError::EmailMissing));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_by_the_provider_is_told_so_auth_4() {
    let Some(provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "nobody").unwrap();
    assert_eq!(parameter(&back, "error"), "access_denied");
    let error = site.finish(&begun.cookie, &back).await.unwrap_err();
    assert!(matches!(
        error,
        OpenIdError::Refused(ProviderRefusal::AccessDenied)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_of_the_provider_are_fetched_auth_4() {
    let Some(mut provider) = start(&registrations()) else {
        return;
    };
    let site = Site::new(config(&provider.issuer()));
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();
    assert_eq!(site.reason(&begun.cookie, &back).await, "SUCCESS");
    provider.restart().unwrap();
    // The keys of a moment ago are not asked for again at once.
    loop {
        let begun = site.begin("/").await;
        let back = provider.log_in(&begun.location, "ada").unwrap();
        match site.reason(&begun.cookie, &back).await {
            "SUCCESS" => break,
            reason => assert_eq!(reason, "OPENID_TOKEN"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
}

/// A second is enough for whoever does not answer.
fn impatient() -> HttpClientConfig {
    let mut config = HttpClientConfig::default();
    config.policies.attempt_timeout = Timeout::from_millis(500);
    config.policies.total_timeout = Timeout::from_secs(1);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_slow_or_down_is_a_typed_error_in_time_auth_4() {
    let Some(mut provider) = start(&registrations()) else {
        return;
    };
    let mut config = config(&provider.issuer());
    config.timeout = Timeout::from_secs(3);
    let site = Site::new(config.clone());
    let begun = site.begin("/").await;
    let back = provider.log_in(&begun.location, "ada").unwrap();

    // It accepts and never answers.
    provider.freeze();
    let hasty = Site::with_client(config.clone(), impatient());
    for outcome in [
        hasty.login.begin(Default::default()).await.map(drop),
        site.finish(&begun.cookie, &back).await.map(drop),
    ] {
        let error = outcome.unwrap_err();
        assert!(error.is_transient());
        assert_eq!(error.reason(), "OPENID_UNAVAILABLE");
        assert_eq!(Error::from(error).code(), Code::Unavailable);
    }
    // A hundred who come while it is asked wait for one answer.
    let began = std::time::Instant::now();
    let all = (0..100).map(|_| hasty.login.begin(Default::default()));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(Result::is_err));
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    provider.resume();

    provider.kill();
    let site = Site::with_client(config, impatient());
    let error = site.login.begin(Default::default()).await.unwrap_err();
    assert_eq!(error.reason(), "OPENID_UNAVAILABLE");
    // It is back, and so is the login.
    provider.restart().unwrap();
    let begun = loop {
        match site.login.begin(Default::default()).await {
            Ok(begun) => break begun,
            Err(error) => assert!(error.is_transient()),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(
        begun
            .location
            .to_str()
            .unwrap()
            .starts_with(&provider.issuer())
    );
}
