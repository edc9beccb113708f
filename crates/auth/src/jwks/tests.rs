mod encryption;
mod issuer;

use seaworthy_testkit::eventually;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::http::StatusCode;
use futures::future::join_all;
use http::{Request, header::AUTHORIZATION};
use seaworthy_core::{Error, RequestContext, RequestId, ServiceIdentity, Timeout, TraceContext};
use seaworthy_health::{Health, HealthConfig, Probe, Readiness};
use seaworthy_http::{Access, Authenticate as _, Authentication, Identity, RouteOptions};
use seaworthy_telemetry::metrics::{Format, Metrics};

use super::*;
use crate::{
    BearerAuthentication, BearerConfig,
    token::{ClockReading, TokenError},
};
use issuer::{TestIssuer, invented, jwks, sign, signer, verifier};

/// Allows a fetch at any time.
fn without_interval() -> JwksConfig {
    JwksConfig {
        min_refresh_interval: Timeout::from_millis(1),
        ..JwksConfig::default()
    }
}

/// Advances the clock of tokio.
async fn advance(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn first_token_fetches_the_keys_once_auth_1() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer.jwks(JwksConfig::default()));
    let token = issuer.sign();
    let now = SystemTime::now();
    assert_eq!(
        verifier.verify_now(&token, now).unwrap_err(),
        TokenError::KeysUnavailable
    );
    for _ in 0..3 {
        assert!(verifier.verify(&token, now).await.is_ok());
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn rotated_key_is_accepted_during_an_attack_auth_1() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer.jwks(JwksConfig::default()));
    let now = SystemTime::now();
    assert!(verifier.verify(&issuer.sign(), now).await.is_ok());
    let generation = verifier.generation();

    // The attacker uses up the fetch of this interval right before the rotation.
    let attacked = verifier.verify(&invented("attack"), now).await;
    assert_eq!(attacked.unwrap_err(), TokenError::UnknownKey);
    issuer.rotate("k2");
    issuer.publish();
    let started = Instant::now();
    assert!(verifier.verify(&issuer.sign(), now).await.is_ok());
    // A busy machine needs more than the second between two fetches.
    assert!(started.elapsed() < Duration::from_secs(20), "{started:?}");
    assert_ne!(verifier.generation(), generation);
}

#[tokio::test]
async fn invented_keys_cause_one_fetch_per_interval_auth_1() {
    let issuer = TestIssuer::start().await;
    let jwks = issuer.jwks(JwksConfig::default());
    let verifier = verifier(&jwks);
    let tokens: Vec<_> = (0..200)
        .map(|number| invented(&number.to_string()))
        .collect();
    let started = Instant::now();
    let now = SystemTime::now();
    assert!(verifier.verify(&issuer.sign(), now).await.is_ok());
    let outcomes = join_all(tokens.iter().map(|token| verifier.verify(token, now))).await;
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err(), TokenError::UnknownKey);
    }
    let most = 2 + started.elapsed().as_secs();
    assert!(u64::from(issuer.fetches()) <= most, "{}", issuer.fetches());
}

#[tokio::test]
async fn absent_key_is_rejected_at_once_auth_1() {
    let issuer = TestIssuer::start().await;
    let config = JwksConfig {
        // No other fetch is allowed within this test.
        min_refresh_interval: Timeout::from_secs(3_600),
        ..JwksConfig::default()
    };
    let verifier = verifier(&issuer.jwks(config));
    let token = invented("withdrawn");
    for _ in 0..1_000 {
        let rejected = verifier.verify(&token, SystemTime::now()).await;
        assert_eq!(rejected.unwrap_err(), TokenError::UnknownKey);
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn unknown_key_is_unavailable_after_a_failed_fetch_auth_1() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer.jwks(JwksConfig::default()));
    let now = SystemTime::now();
    let by_known = issuer.sign();
    assert!(verifier.verify(&by_known, now).await.is_ok());

    issuer.rotate("k2");
    issuer.fail();
    let by_new = issuer.sign();
    let interval = JwksConfig::default().min_refresh_interval.get();
    advance(interval).await;
    // The first verification fetches. The second one fails without a fetch.
    for _ in 0..2 {
        let rejected = verifier.verify(&by_new, now).await.unwrap_err();
        assert_eq!(rejected, TokenError::KeysUnavailable);
    }
    assert_eq!(issuer.fetches(), 2);
    assert!(verifier.verify(&by_known, now).await.is_ok());

    issuer.publish();
    advance(interval).await;
    assert!(verifier.verify(&by_new, now).await.is_ok());
}

#[tokio::test]
async fn concurrent_tokens_share_one_fetch_auth_1() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer.jwks(JwksConfig::default()));
    let token = issuer.sign();
    let outcomes = join_all((0..50).map(|_| verifier.verify(&token, SystemTime::now()))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn unusable_key_sets_make_tokens_unavailable_auth_1() {
    let issuer = TestIssuer::start().await;
    let metrics = Metrics::new();
    let fetched = jwks(&issuer.address, without_interval(), &metrics);
    let verifier_of_issuer = verifier(&fetched);
    let token = issuer.sign();
    // Valid apart from its length.
    let long = issuer.signer.jwks() + &" ".repeat(300 * 1024);
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, ""),
        (StatusCode::OK, "<html>"),
        (StatusCode::OK, r#"{"keys":[]}"#),
        (StatusCode::OK, &long),
    ] {
        issuer.respond(status, body);
        advance(Duration::from_millis(2)).await;
        let rejected = verifier_of_issuer.verify(&token, SystemTime::now()).await;
        assert_eq!(rejected.unwrap_err(), TokenError::KeysUnavailable);
    }
    let text = metrics.render(Format::PrometheusText);
    let failed = "auth_key_refreshes_total{issuer=\"login\",outcome=\"failure\"} 4";
    assert!(text.contains(failed), "{text}");

    let closed = verifier(&jwks("http://127.0.0.1:9", without_interval(), &metrics));
    let rejected = closed.verify(&token, SystemTime::now()).await;
    assert_eq!(rejected.unwrap_err(), TokenError::KeysUnavailable);
}

#[tokio::test]
async fn keys_outlive_their_issuer_until_max_stale_auth_1() {
    let issuer = TestIssuer::start().await;
    let config = JwksConfig {
        max_stale: Timeout::from_secs(3_600),
        ..without_interval()
    };
    let jwks = issuer.jwks(config);
    let verifier = verifier(&jwks);
    let token = issuer.sign();
    let now = SystemTime::now();
    assert!(verifier.verify(&token, now).await.is_ok());
    issuer.fail();
    assert!(jwks.refresh_on_demand().await.is_err());
    assert!(verifier.verify(&token, now).await.is_ok());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3_601)).await;
    assert_eq!(
        verifier.verify_now(&token, now).unwrap_err(),
        TokenError::KeysUnavailable
    );
}

#[tokio::test]
async fn keys_expire_while_the_machine_is_suspended_auth_1() {
    let issuer = TestIssuer::start().await;
    let config = JwksConfig {
        max_stale: Timeout::from_secs(3_600),
        ..JwksConfig::default()
    };
    let jwks = issuer.jwks(config);
    assert!(
        verifier(&jwks)
            .verify(&issuer.sign(), SystemTime::now())
            .await
            .is_ok()
    );
    // During a suspension only the wall clock moves.
    let after = |seconds| {
        let wall = SystemTime::now() + Duration::from_secs(seconds);
        ClockReading::new(Instant::now(), wall)
    };
    assert!(jwks.valid_keys(after(3_000)).is_ok());
    let expired = jwks.valid_keys(after(3_601));
    assert_eq!(expired.unwrap_err(), TokenError::KeysUnavailable);
}

/// Returns the caller that a request with a token is authenticated as.
async fn authenticate(
    bearer: &BearerAuthentication,
    token: &str,
) -> Result<Option<Identity>, Error> {
    let request = Request::get("/me").header(AUTHORIZATION, format!("Bearer {token}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let identity = ServiceIdentity::new("events", "1.0.0");
    let context = RequestContext::new(identity, RequestId::generate(), TraceContext::root(false));
    let route = RouteOptions::new().access(Access::Authenticated);
    match bearer.authenticate(&parts, &Arc::new(context), &route) {
        Authentication::Authenticated(identity) => Ok(Some(identity)),
        Authentication::Anonymous => Ok(None),
        Authentication::Rejected(error) => Err(error),
        Authentication::Pending(later) => later.await,
    }
}

#[tokio::test]
async fn cached_token_expires_with_the_keys_of_its_issuer_auth_1() {
    let issuer = TestIssuer::start().await;
    let config = JwksConfig {
        max_stale: Timeout::from_secs(60),
        ..JwksConfig::default()
    };
    let jwks = issuer.jwks(config);
    let bearer =
        BearerAuthentication::new(verifier(&jwks), BearerConfig::default(), &Metrics::new());
    let token = issuer.sign();
    assert!(authenticate(&bearer, &token).await.unwrap().is_some());
    issuer.fail();
    advance(Duration::from_secs(50)).await;
    assert!(authenticate(&bearer, &token).await.unwrap().is_some());
    assert_eq!(issuer.fetches(), 1);
    advance(Duration::from_secs(11)).await;
    let rejected = authenticate(&bearer, &token).await.unwrap_err();
    assert_eq!(rejected.reason(), "TOKEN_KEYS_UNAVAILABLE");
}

#[tokio::test]
async fn withdrawn_key_is_rejected_after_the_next_fetch_auth_1() {
    let issuer = TestIssuer::start().await;
    let jwks = issuer.jwks(without_interval());
    let verifier = verifier(&jwks);
    let by_old = issuer.sign();
    let now = SystemTime::now();
    assert!(verifier.verify(&by_old, now).await.is_ok());
    let generation = verifier.generation();
    issuer.rotate("k2");
    issuer.signer.remove("k1").unwrap();
    issuer.publish();
    jwks.refresh_on_demand().await.unwrap();
    assert_eq!(
        verifier.verify_now(&by_old, now).unwrap_err(),
        TokenError::UnknownKey
    );
    assert_ne!(
        verifier.generation(),
        generation,
        "cached tokens stay valid"
    );
}

#[tokio::test]
async fn background_task_fetches_the_keys_auth_1() {
    let issuer = TestIssuer::start().await;
    let config = JwksConfig {
        refresh_interval: Timeout::from_millis(20),
        ..JwksConfig::default()
    };
    let jwks = issuer.jwks(config);
    let verifier = verifier(&jwks);
    let by_old = issuer.sign();
    let task = tokio::spawn(jwks.clone().keep_fresh());
    // `verify_now` triggers no fetch.
    let now = SystemTime::now();
    eventually(async || verifier.verify_now(&by_old, now).is_ok()).await;
    issuer.rotate("k2");
    issuer.signer.remove("k1").unwrap();
    issuer.publish();
    eventually(async || verifier.verify_now(&by_old, now).err() == Some(TokenError::UnknownKey))
        .await;
    assert!(verifier.verify_now(&issuer.sign(), now).is_ok());
    task.abort();
}

#[tokio::test]
async fn health_check_fails_until_the_keys_are_loaded_life_3() {
    let issuer = TestIssuer::start().await;
    issuer.fail();
    let config = JwksConfig {
        min_refresh_interval: Timeout::from_millis(10),
        ..JwksConfig::default()
    };
    let jwks = issuer.jwks(config);
    let health = Health::new(HealthConfig::default());
    let checked = jwks.clone();
    health.register(Probe::from_fn("keys of login", true, move || {
        checked.check()
    }));
    health.set_started();
    let reason = || {
        health.report().checks[0]
            .last_error
            .clone()
            .unwrap_or_default()
    };
    assert_eq!(health.readiness(), Readiness::NotReady);
    assert_eq!(reason(), "the key set has not been fetched yet");

    let task = tokio::spawn(jwks.keep_fresh());
    eventually(async || reason().starts_with("the key set cannot be fetched: ")).await;
    assert_eq!(health.readiness(), Readiness::NotReady);
    issuer.publish();
    eventually(async || health.readiness() == Readiness::Ready).await;
    task.abort();
}

#[tokio::test]
async fn token_by_another_issuer_with_a_known_key_id_is_rejected_auth_1() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer.jwks(JwksConfig::default()));
    let forged = sign(&signer("k1"));
    let rejected = verifier.verify(&forged, SystemTime::now()).await;
    assert_eq!(rejected.unwrap_err(), TokenError::Signature);
}
