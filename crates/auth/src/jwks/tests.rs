use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Router, http::StatusCode, routing::get};
use http::{Request, header::AUTHORIZATION};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::{Error, RequestContext, RequestId, ServiceIdentity, Timeout, TraceContext};
use seaworthy_http::{Access, Authenticate as _, Authentication, Identity, RouteOptions};
use seaworthy_telemetry::metrics::{Format, Metrics};

use super::*;
use crate::{
    BearerAuthentication, BearerConfig,
    token::{
        Algorithm, Issuer, IssuerConfig, IssuerError, NewToken, SigningKey, TokenError,
        TokenSigner, TokenSignerConfig, TokenVerifier,
    },
};

/// An issuer with a key set of its own, on a real socket.
#[derive(Clone)]
struct Server {
    answer: Arc<Mutex<(StatusCode, String)>>,
    asked: Arc<AtomicU32>,
    address: String,
}

impl Server {
    async fn start(signer: &TokenSigner) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            answer: Arc::new(Mutex::new((StatusCode::OK, signer.jwks()))),
            asked: Arc::default(),
            address: format!("http://{}", listener.local_addr().unwrap()),
        };
        let serving = server.clone();
        let answer = async move || {
            serving.asked.fetch_add(1, Ordering::SeqCst);
            serving.answer.lock().unwrap().clone()
        };
        let router = Router::new().route("/.well-known/jwks.json", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    fn set(&self, status: StatusCode, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn client(&self) -> HttpClient {
        client(&self.address)
    }
}

fn client(address: &str) -> HttpClient {
    let mut config = HttpClientConfig {
        base_url: Some(address.parse().unwrap()),
        ..HttpClientConfig::default()
    };
    config.policies.retry.max_attempts = std::num::NonZeroU32::MIN;
    HttpClient::builder("login").config(config).build().unwrap()
}

fn signer() -> TokenSigner {
    let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    TokenSigner::new(TokenSignerConfig::default(), key)
}

fn sign(signer: &TokenSigner) -> String {
    signer
        .sign(NewToken::about("ada"))
        .unwrap()
        .expose()
        .clone()
}

fn jwks(client: HttpClient, config: JwksConfig, metrics: &Metrics) -> Jwks {
    Jwks::new(client, vec![Algorithm::EdDsa], config, metrics).unwrap()
}

fn believer(jwks: &Jwks) -> TokenVerifier {
    let config = IssuerConfig {
        algorithms: vec![Algorithm::EdDsa],
        ..IssuerConfig::default()
    };
    TokenVerifier::new([Issuer::with_jwks(config, jwks.clone()).unwrap()]).unwrap()
}

/// Short enough to pass within a test.
fn impatient() -> JwksConfig {
    JwksConfig {
        demand_interval: Timeout::from_millis(1),
        ..JwksConfig::default()
    }
}

#[tokio::test]
async fn keys_are_fetched_when_they_are_first_needed_and_then_kept_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let jwks = jwks(server.client(), JwksConfig::default(), &Metrics::new());
    let verifier = believer(&jwks);
    let token = sign(&signer);
    let now = SystemTime::now();
    assert_eq!(
        verifier.verify_now(&token, now).unwrap_err(),
        TokenError::KeysUnavailable
    );
    for _ in 0..3 {
        assert!(verifier.verify(&token, now).await.is_ok());
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_keys_that_nobody_has_are_not_looked_for_often_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let jwks = jwks(server.client(), JwksConfig::default(), &Metrics::new());
    let verifier = believer(&jwks);
    let now = SystemTime::now();
    assert!(verifier.verify(&sign(&signer), now).await.is_ok());
    let before = verifier.generation();

    signer
        .announce(SigningKey::generate("k2", Algorithm::EdDsa).unwrap())
        .unwrap();
    signer.activate("k2").unwrap();
    server.set(StatusCode::OK, &signer.jwks());
    let by_new = sign(&signer);
    // A moment ago they were asked for: thousands of invented keys ask no second time.
    for _ in 0..1_000 {
        let refused = verifier.verify(&by_new, now).await.unwrap_err();
        assert_eq!(refused, TokenError::UnknownKey);
    }
    assert_eq!(server.asked(), 1);

    assert_eq!(verifier.generation(), before);

    tokio::time::pause();
    tokio::time::advance(JwksConfig::default().demand_interval.get()).await;
    tokio::time::resume();
    assert!(verifier.verify(&by_new, now).await.is_ok());
    assert_eq!(server.asked(), 2);
    assert_ne!(verifier.generation(), before);
}

#[tokio::test]
async fn unknown_keys_are_unavailable_after_a_failed_fetch_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let jwks = jwks(server.client(), JwksConfig::default(), &Metrics::new());
    let verifier = believer(&jwks);
    let now = SystemTime::now();
    let by_known = sign(&signer);
    assert!(verifier.verify(&by_known, now).await.is_ok());

    signer
        .announce(SigningKey::generate("k2", Algorithm::EdDsa).unwrap())
        .unwrap();
    signer.activate("k2").unwrap();
    let by_new = sign(&signer);
    server.set(StatusCode::SERVICE_UNAVAILABLE, "");
    tokio::time::pause();
    tokio::time::advance(JwksConfig::default().demand_interval.get()).await;
    tokio::time::resume();
    // The first verification fetches. The second one is within `demand_interval` and does not.
    for _ in 0..2 {
        let refused = verifier.verify(&by_new, now).await.unwrap_err();
        assert_eq!(refused, TokenError::KeysUnavailable);
    }
    assert_eq!(server.asked(), 2);
    assert!(verifier.verify(&by_known, now).await.is_ok());

    server.set(StatusCode::OK, &signer.jwks());
    tokio::time::pause();
    tokio::time::advance(JwksConfig::default().demand_interval.get()).await;
    tokio::time::resume();
    assert!(verifier.verify(&by_new, now).await.is_ok());
}

#[tokio::test]
async fn many_who_wait_for_keys_ask_once_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let jwks = jwks(server.client(), JwksConfig::default(), &Metrics::new());
    let verifier = believer(&jwks);
    let token = sign(&signer);
    let waiting = (0..50).map(|_| verifier.verify(&token, SystemTime::now()));
    let outcomes = futures::future::join_all(waiting).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn without_keys_nothing_is_believed_and_it_is_told_that_it_is_our_fault_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let metrics = Metrics::new();
    let jwks = jwks(server.client(), impatient(), &metrics);
    let verifier = believer(&jwks);
    let token = sign(&signer);
    // Right, but for its length.
    let long = signer.jwks() + &" ".repeat(300 * 1024);
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, ""),
        (StatusCode::OK, "<html>"),
        (StatusCode::OK, r#"{"keys":[]}"#),
        (StatusCode::OK, &long),
    ] {
        server.set(status, body);
        // Longer than it has to wait before it may ask again.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let refused = verifier
            .verify(&token, SystemTime::now())
            .await
            .unwrap_err();
        assert_eq!(refused, TokenError::KeysUnavailable);
    }
    let text = metrics.render(Format::PrometheusText);
    let failed = "auth_key_refreshes_total{issuer=\"login\",outcome=\"failure\"} 4";
    assert!(text.contains(failed), "{text}");

    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let gone = super::tests::jwks(client(&address), impatient(), &metrics);
    let refused = believer(&gone).verify(&token, SystemTime::now()).await;
    assert_eq!(refused.unwrap_err(), TokenError::KeysUnavailable);
}

#[tokio::test]
async fn keys_outlive_their_issuer_for_a_while_and_no_longer_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let config = JwksConfig {
        max_stale: Timeout::from_secs(3_600),
        ..impatient()
    };
    let jwks = jwks(server.client(), config, &Metrics::new());
    let verifier = believer(&jwks);
    let token = sign(&signer);
    let now = SystemTime::now();
    assert!(verifier.verify(&token, now).await.is_ok());
    server.set(StatusCode::SERVICE_UNAVAILABLE, "");
    let _ = jwks.refresh_on_demand().await;
    assert!(verifier.verify(&token, now).await.is_ok());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3_601)).await;
    assert_eq!(
        verifier.verify_now(&token, now).unwrap_err(),
        TokenError::KeysUnavailable
    );
}

/// Who a request with a token is found to be.
async fn ask(bearer: &BearerAuthentication, token: &str) -> Result<Option<Identity>, Error> {
    let request = Request::get("/me").header(AUTHORIZATION, format!("Bearer {token}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let identity = ServiceIdentity::new("events", "1.0.0");
    let context = RequestContext::new(identity, RequestId::generate(), TraceContext::root(false));
    let route = RouteOptions::new().access(Access::Authenticated);
    match bearer.authenticate(&parts, &Arc::new(context), &route) {
        Authentication::Known(identity) => Ok(Some(identity)),
        Authentication::Anonymous => Ok(None),
        Authentication::Refused(error) => Err(error),
        Authentication::Later(answer) => answer.await,
    }
}

#[tokio::test]
async fn a_remembered_token_is_believed_no_longer_than_the_keys_of_its_issuer_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let config = JwksConfig {
        max_stale: Timeout::from_secs(60),
        // Nobody asks the issuer again within this test.
        demand_interval: Timeout::from_secs(3_600),
        ..JwksConfig::default()
    };
    let jwks = jwks(server.client(), config, &Metrics::new());
    let bearer =
        BearerAuthentication::new(believer(&jwks), BearerConfig::default(), &Metrics::new());
    let token = sign(&signer);
    assert!(ask(&bearer, &token).await.unwrap().is_some());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(50)).await;
    assert!(ask(&bearer, &token).await.unwrap().is_some());
    tokio::time::advance(Duration::from_secs(11)).await;
    let refused = ask(&bearer, &token).await.unwrap_err();
    assert_eq!(refused.reason(), "TOKEN_KEYS_UNAVAILABLE");
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_is_forgotten_with_the_next_set_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let jwks = jwks(server.client(), impatient(), &Metrics::new());
    let verifier = believer(&jwks);
    let by_old = sign(&signer);
    let now = SystemTime::now();
    assert!(verifier.verify(&by_old, now).await.is_ok());
    let before = verifier.generation();
    signer
        .announce(SigningKey::generate("k2", Algorithm::EdDsa).unwrap())
        .unwrap();
    signer.activate("k2").unwrap();
    signer.withdraw("k1").unwrap();
    server.set(StatusCode::OK, &signer.jwks());
    tokio::time::sleep(Duration::from_millis(2)).await;
    let _ = jwks.refresh_on_demand().await;
    assert_eq!(
        verifier.verify_now(&by_old, now).unwrap_err(),
        TokenError::UnknownKey
    );
    assert_ne!(
        verifier.generation(),
        before,
        "what was verified before would be believed"
    );
}

#[tokio::test]
async fn keys_are_asked_for_in_the_background_auth_1() {
    let signer = signer();
    let server = Server::start(&signer).await;
    let config = JwksConfig {
        refresh_interval: Timeout::from_millis(20),
        ..JwksConfig::default()
    };
    let jwks = jwks(server.client(), config, &Metrics::new());
    let verifier = believer(&jwks);
    let by_old = sign(&signer);
    let keeping = tokio::spawn(jwks.clone().keep_fresh());
    // Nobody demands them here.
    let now = SystemTime::now();
    until(|| verifier.verify_now(&by_old, now).is_ok()).await;
    signer
        .announce(SigningKey::generate("k2", Algorithm::EdDsa).unwrap())
        .unwrap();
    signer.activate("k2").unwrap();
    signer.withdraw("k1").unwrap();
    server.set(StatusCode::OK, &signer.jwks());
    until(|| verifier.verify_now(&by_old, now).err() == Some(TokenError::UnknownKey)).await;
    assert!(verifier.verify_now(&sign(&signer), now).is_ok());
    keeping.abort();
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, waiting).await.unwrap();
}

#[test]
fn keys_are_fetched_over_a_private_way_only_auth_1() {
    let make = |address: &str| {
        let algorithms = vec![Algorithm::EdDsa];
        Jwks::new(
            client(address),
            algorithms,
            JwksConfig::default(),
            &Metrics::new(),
        )
        .map(drop)
    };
    assert_eq!(
        make("http://login.example.org"),
        Err(JwksError::NotEncrypted)
    );
    assert_eq!(
        make("http://127.0.0.1.example.org"),
        Err(JwksError::NotEncrypted)
    );
    for fine in [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost:8080",
    ] {
        assert_eq!(make(fine), Ok(()), "{fine}");
    }
    let nowhere = HttpClient::builder("login").build().unwrap();
    let secret = Jwks::new(
        nowhere,
        vec![Algorithm::EdDsa],
        JwksConfig::default(),
        &Metrics::new(),
    );
    assert_eq!(secret.map(drop), Err(JwksError::NotEncrypted));
    let local = client("http://127.0.0.1:1");
    let secret = Jwks::new(
        local.clone(),
        vec![Algorithm::Hs256],
        JwksConfig::default(),
        &Metrics::new(),
    );
    assert_eq!(secret.map(drop), Err(JwksError::Secret));
    let jwks = jwks(local, JwksConfig::default(), &Metrics::new());
    let config = IssuerConfig {
        algorithms: vec![Algorithm::Hs256],
        ..IssuerConfig::default()
    };
    assert_eq!(
        Issuer::with_jwks(config, jwks).unwrap_err(),
        IssuerError::FetchedSecret
    );
}
