//! A fake provider that deviates from the protocol in one point at a time.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use seaworthy_auth::{
    oidc::{OpenIdConfig, OpenIdConfigError, OpenIdLogin, UsedLoginsInMemory},
    token::{Algorithm, NewToken, SigningKey, TokenSigner, TokenSignerConfig},
};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::{Secret, Timeout};
use seaworthy_telemetry::metrics::Metrics;
use serde_json::{Value, json};

use crate::oidc::browser::{CALLBACK, CLIENT, TestApp, config, parameter};

/// The deviations from the protocol.
#[derive(Clone)]
struct Deviations {
    /// Overrides for claims of the ID token. Null removes a claim.
    claims: Value,
    /// The offset of the signing time from now, in seconds.
    signed: i64,
    /// Overrides for members of the metadata.
    metadata: Value,
    userinfo: Value,
    /// Transforms the ID token.
    token: fn(&FakeProvider, String) -> String,
    /// Replaces the response of the token endpoint.
    response: Option<fn() -> Response>,
}

struct FakeProvider {
    issuer: String,
    signer: TokenSigner,
    other_signer: TokenSigner,
    deviations: Mutex<Deviations>,
    nonce: Mutex<String>,
    codes: Mutex<Vec<String>>,
}

const ACCESS_TOKEN: &str = "an-access-token";

fn none() -> Deviations {
    Deviations {
        claims: json!({}),
        signed: 0,
        metadata: json!({}),
        userinfo: json!({ "sub": "ada", "email": "ada@example.org", "email_verified": true }),
        token: |_, token| token,
        response: None,
    }
}

/// Returns a signer without an issuer, because the tests set this claim.
fn signer() -> TokenSigner {
    let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    let config = TokenSignerConfig {
        issuer: String::new(),
        lifetime: Timeout::from_secs(300),
        ..TokenSignerConfig::default()
    };
    TokenSigner::new(config, key)
}

impl FakeProvider {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Self {
            signer: signer(),
            other_signer: signer(),
            issuer,
            deviations: Mutex::new(none()),
            nonce: Mutex::default(),
            codes: Mutex::default(),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/elsewhere", post(token))
            .route("/me", get(userinfo))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    /// Logs in once with these deviations, at a new app. Returns the reason or `SUCCESS`.
    async fn outcome(&self, deviations: Deviations) -> &'static str {
        *self.deviations.lock().unwrap() = deviations;
        let app = TestApp::new(OpenIdConfig {
            client_secret: None,
            ..config(&self.issuer)
        });
        let started = match app.login.begin(Default::default()).await {
            Ok(started) => started,
            Err(error) => return error.reason(),
        };
        let location = started.location.to_str().unwrap();
        *self.nonce.lock().unwrap() = parameter(location, "nonce").to_owned();
        let back = format!("{CALLBACK}?code=c&state={}", parameter(location, "state"));
        let cookie = started.cookie.to_str().unwrap().split(';').next().unwrap();
        app.reason(cookie, &back).await
    }
}

fn merged(mut base: Value, other: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in other.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    base
}

async fn metadata(State(provider): State<Arc<FakeProvider>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let valid = json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/authorize?a=b"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "userinfo_endpoint": at("/me"),
    });
    Json(merged(valid, &provider.deviations.lock().unwrap().metadata))
}

async fn keys(State(provider): State<Arc<FakeProvider>>) -> String {
    provider.signer.jwks()
}

async fn userinfo(State(provider): State<Arc<FakeProvider>>) -> Json<Value> {
    Json(provider.deviations.lock().unwrap().userinfo.clone())
}

async fn token(State(provider): State<Arc<FakeProvider>>, body: String) -> Response {
    provider.codes.lock().unwrap().push(body);
    let deviations = provider.deviations.lock().unwrap().clone();
    if let Some(response) = deviations.response {
        return response();
    }
    let token = (deviations.token)(
        &provider,
        id_token(&provider, &provider.signer, &deviations.claims),
    );
    Json(json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": token }))
        .into_response()
}

fn id_token(provider: &FakeProvider, signer: &TokenSigner, deviations: &Value) -> String {
    let valid =
        json!({ "iss": provider.issuer, "aud": CLIENT, "nonce": *provider.nonce.lock().unwrap() });
    let claims = merged(valid, deviations);
    let mut token = NewToken::for_subject("ada");
    for (name, value) in claims.as_object().unwrap() {
        token = token.claim(name, value.clone());
    }
    let signed = provider.deviations.lock().unwrap().signed;
    let offset = Duration::from_secs(signed.unsigned_abs());
    let now = SystemTime::now();
    let time = if signed < 0 {
        now - offset
    } else {
        now + offset
    };
    signer.sign_at(token, time).unwrap().expose().clone()
}

/// Replaces the header and removes the signature.
fn with_header(token: &str, header: &Value) -> String {
    let mut parts = token.split('.').skip(1);
    let payload = parts.next().unwrap();
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{payload}.")
}

#[tokio::test]
async fn only_valid_id_tokens_are_accepted_auth_4() {
    let provider = FakeProvider::start().await;
    assert_eq!(provider.outcome(none()).await, "SUCCESS");
    for (claims, reason) in [
        (json!({ "azp": CLIENT }), "SUCCESS"),
        (json!({ "aud": [CLIENT] }), "SUCCESS"),
        // The left half of SHA-512 of the access token, for Ed25519.
        (json!({ "at_hash": half_hash(ACCESS_TOKEN) }), "SUCCESS"),
        (
            json!({ "at_hash": half_hash("another") }),
            "OPENID_ACCESS_TOKEN_HASH",
        ),
        (json!({ "at_hash": 1 }), "OPENID_TOKEN"),
        (json!({ "aud": "another" }), "OPENID_TOKEN"),
        (json!({ "aud": Value::Null }), "OPENID_TOKEN"),
        (json!({ "aud": [] }), "OPENID_TOKEN"),
        (
            json!({ "aud": [CLIENT, "another"] }),
            "OPENID_AUTHORIZED_PARTY",
        ),
        (json!({ "azp": "another" }), "OPENID_AUTHORIZED_PARTY"),
        (json!({ "azp": [CLIENT] }), "OPENID_TOKEN"),
        (json!({ "nonce": Value::Null }), "OPENID_NONCE"),
        (json!({ "nonce": "another" }), "OPENID_NONCE"),
        (json!({ "nonce": 1 }), "OPENID_TOKEN"),
        (json!({ "iss": "https://another.example" }), "OPENID_TOKEN"),
        (json!({ "nbf": 253_402_300_799_u64 }), "OPENID_TOKEN"),
        (json!({ "sub": "x".repeat(256) }), "OPENID_TOKEN"),
        (json!({ "sub": "é" }), "OPENID_TOKEN"),
    ] {
        let deviations = Deviations {
            claims: claims.clone(),
            ..none()
        };
        assert_eq!(provider.outcome(deviations).await, reason, "{claims}");
    }
    for signed in [-600, 600] {
        let deviations = Deviations { signed, ..none() };
        assert_eq!(
            provider.outcome(deviations).await,
            "OPENID_TOKEN",
            "{signed}"
        );
    }
}

fn half_hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, text.as_bytes());
    let (half, _) = digest.as_ref().split_at(32);
    URL_SAFE_NO_PAD.encode(half)
}

#[tokio::test]
async fn id_token_without_valid_signature_is_rejected_auth_4() {
    let provider = FakeProvider::start().await;
    let deviations: [fn(&FakeProvider, String) -> String; 6] = [
        |_, token| with_header(&token, &json!({ "alg": "none" })),
        |_, token| with_header(&token, &json!({ "alg": "none", "typ": "JWT", "kid": "k1" })),
        |_, token| with_header(&token, &json!({ "alg": "HS256", "kid": "k1" })),
        // Another key with the same ID.
        |provider, _| id_token(provider, &provider.other_signer, &json!({})),
        |_, token| format!("{}.", token.rsplit_once('.').unwrap().0),
        |_, _| "not-a-token".to_owned(),
    ];
    for (at, token) in deviations.into_iter().enumerate() {
        let deviations = Deviations { token, ..none() };
        assert_eq!(provider.outcome(deviations).await, "OPENID_TOKEN", "{at}");
    }
}

#[tokio::test]
async fn invalid_metadata_are_rejected_auth_4() {
    let provider = FakeProvider::start().await;
    for metadata in [
        json!({ "issuer": "https://another.example" }),
        json!({ "issuer": format!("{}/", provider.issuer) }),
        json!({ "token_endpoint": "http://another.example/token" }),
        json!({ "jwks_uri": "http://another.example/jwks" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "code_challenge_methods_supported": ["plain"] }),
    ] {
        let deviations = Deviations {
            metadata: metadata.clone(),
            ..none()
        };
        assert_eq!(
            provider.outcome(deviations).await,
            "OPENID_RESPONSE",
            "{metadata}"
        );
    }
    let deviations = Deviations {
        metadata: json!({ "token_endpoint": Value::Null }),
        ..none()
    };
    assert_eq!(provider.outcome(deviations).await, "OPENID_UNAVAILABLE");
}

#[tokio::test]
async fn userinfo_of_another_subject_is_rejected_auth_4() {
    let provider = FakeProvider::start().await;
    let deviations = Deviations {
        userinfo: json!({ "sub": "eve", "email": "ada@example.org", "email_verified": true }),
        ..none()
    };
    assert_eq!(provider.outcome(deviations).await, "OPENID_SUBJECT");
    let deviations = Deviations {
        userinfo: json!({ "email": "ada@example.org", "email_verified": true }),
        ..none()
    };
    assert_eq!(provider.outcome(deviations).await, "OPENID_SUBJECT");
}

#[tokio::test]
async fn code_exchange_is_not_retried_or_redirected_auth_4() {
    let provider = FakeProvider::start().await;
    let responses: [fn() -> Response; 3] = [
        || (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        || StatusCode::SERVICE_UNAVAILABLE.into_response(),
        || "<html>".into_response(),
    ];
    for response in responses {
        provider.codes.lock().unwrap().clear();
        let deviations = Deviations {
            response: Some(response),
            ..none()
        };
        let reason = provider.outcome(deviations).await;
        assert!(
            ["OPENID_UNAVAILABLE", "OPENID_RESPONSE"].contains(&reason),
            "{reason}"
        );
        assert_eq!(provider.codes.lock().unwrap().len(), 1);
    }
}

#[test]
fn unsafe_settings_are_rejected_auth_4() {
    let refused = |change: fn(&mut OpenIdConfig)| {
        let mut config = config("https://login.example.org");
        change(&mut config);
        let client = HttpClient::builder("provider")
            .config(HttpClientConfig::default())
            .build()
            .unwrap();
        let key = Secret::new("k".repeat(32));
        OpenIdLogin::new(
            "provider",
            config,
            client,
            &key,
            UsedLoginsInMemory::new(),
            &Metrics::new(),
        )
        .unwrap_err()
    };
    assert_eq!(
        refused(|config| config.issuer = "http://login.example.org".to_owned()),
        OpenIdConfigError::Address("issuer")
    );
    assert_eq!(
        refused(|config| config.issuer = "https://login.example.org/?a=b".to_owned()),
        OpenIdConfigError::Address("issuer")
    );
    assert_eq!(
        refused(|config| config.redirect_uri = "http://events.example.org/cb".to_owned()),
        OpenIdConfigError::Address("redirect_uri")
    );
    assert_eq!(
        refused(|config| config.client_id.clear()),
        OpenIdConfigError::ClientId
    );
    assert_eq!(
        refused(|config| config.client_secret = Some(Secret::new(String::new()))),
        OpenIdConfigError::ClientSecret
    );
    assert_eq!(
        refused(|config| config.scopes = vec!["email".to_owned()]),
        OpenIdConfigError::Scope
    );
    assert_eq!(
        refused(|config| config.algorithms = vec![Algorithm::Hs256]),
        OpenIdConfigError::Symmetric
    );
    for name in [
        "state",
        "nonce",
        "redirect_uri",
        "code_challenge",
        "response_mode",
    ] {
        let mut config = config("https://login.example.org");
        config.parameters.insert(name.to_owned(), "x".to_owned());
        let client = HttpClient::builder("provider").build().unwrap();
        let key = Secret::new("k".repeat(32));
        let error = OpenIdLogin::new(
            "provider",
            config,
            client,
            &key,
            UsedLoginsInMemory::new(),
            &Metrics::new(),
        )
        .unwrap_err();
        assert_eq!(error, OpenIdConfigError::Parameter(name.to_owned()));
    }
}
