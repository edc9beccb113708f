//! A provider that signs with its own key, and lies in one thing at a time.

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

use crate::browser::{CALLBACK, CLIENT, Site, config, parameter};

/// What it does otherwise than it should.
#[derive(Clone)]
struct Lies {
    /// Claims of the ID token; null takes one away.
    claims: Value,
    /// When the ID token was signed, from now, in seconds.
    signed: i64,
    /// Members of the document.
    document: Value,
    userinfo: Value,
    /// Makes another token of the right one.
    token: fn(&Forger, String) -> String,
    /// Instead of an answer of the token endpoint.
    answer: Option<fn() -> Response>,
}

struct Forger {
    issuer: String,
    signer: TokenSigner,
    stranger: TokenSigner,
    lies: Mutex<Lies>,
    nonce: Mutex<String>,
    codes: Mutex<Vec<String>>,
}

const ACCESS_TOKEN: &str = "an-access-token";

fn honest() -> Lies {
    Lies {
        claims: json!({}),
        signed: 0,
        document: json!({}),
        userinfo: json!({ "sub": "ada", "email": "ada@example.org", "email_verified": true }),
        token: |_, token| token,
        answer: None,
    }
}

/// It says nothing of itself, so that its claims can.
fn signer() -> TokenSigner {
    let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    let config = TokenSignerConfig {
        issuer: String::new(),
        lifetime: Timeout::from_secs(300),
        ..TokenSignerConfig::default()
    };
    TokenSigner::new(config, key)
}

impl Forger {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let forger = Arc::new(Self {
            signer: signer(),
            stranger: signer(),
            issuer,
            lies: Mutex::new(honest()),
            nonce: Mutex::default(),
            codes: Mutex::default(),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/elsewhere", post(token))
            .route("/me", get(userinfo))
            .with_state(Arc::clone(&forger));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        forger
    }

    /// One login with these lies, at a site that knows nothing of the one before.
    async fn outcome(&self, lies: Lies) -> &'static str {
        *self.lies.lock().unwrap() = lies;
        let site = Site::new(OpenIdConfig {
            client_secret: None,
            ..config(&self.issuer)
        });
        let begun = match site.login.begin(Default::default()).await {
            Ok(begun) => begun,
            Err(error) => return error.reason(),
        };
        let location = begun.location.to_str().unwrap();
        *self.nonce.lock().unwrap() = parameter(location, "nonce").to_owned();
        let back = format!("{CALLBACK}?code=c&state={}", parameter(location, "state"));
        let cookie = begun.cookie.to_str().unwrap().split(';').next().unwrap();
        site.reason(cookie, &back).await
    }
}

fn merged(mut one: Value, other: &Value) -> Value {
    let members = one.as_object_mut().unwrap();
    for (name, value) in other.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    one
}

async fn document(State(forger): State<Arc<Forger>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", forger.issuer);
    let honest = json!({
        "issuer": forger.issuer,
        "authorization_endpoint": at("/authorize?a=b"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "userinfo_endpoint": at("/me"),
    });
    Json(merged(honest, &forger.lies.lock().unwrap().document))
}

async fn keys(State(forger): State<Arc<Forger>>) -> String {
    forger.signer.jwks()
}

async fn userinfo(State(forger): State<Arc<Forger>>) -> Json<Value> {
    Json(forger.lies.lock().unwrap().userinfo.clone())
}

async fn token(State(forger): State<Arc<Forger>>, body: String) -> Response {
    forger.codes.lock().unwrap().push(body);
    let lies = forger.lies.lock().unwrap().clone();
    if let Some(answer) = lies.answer {
        return answer();
    }
    let token = (lies.token)(&forger, id_token(&forger, &forger.signer, &lies.claims));
    Json(json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": token }))
        .into_response()
}

fn id_token(forger: &Forger, signer: &TokenSigner, lies: &Value) -> String {
    let honest =
        json!({ "iss": forger.issuer, "aud": CLIENT, "nonce": *forger.nonce.lock().unwrap() });
    let claims = merged(honest, lies);
    let mut token = NewToken::about("ada");
    for (name, value) in claims.as_object().unwrap() {
        token = token.claim(name, value.clone());
    }
    let signed = forger.lies.lock().unwrap().signed;
    let by = Duration::from_secs(signed.unsigned_abs());
    let now = SystemTime::now();
    let at = if signed < 0 { now - by } else { now + by };
    signer.sign_at(token, at).unwrap().expose().clone()
}

/// The token with another header and without a signature.
fn with_header(token: &str, header: &Value) -> String {
    let mut parts = token.split('.').skip(1);
    let payload = parts.next().unwrap();
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{payload}.")
}

#[tokio::test]
async fn an_honest_token_is_believed_and_no_other_auth_4() {
    let forger = Forger::start().await;
    assert_eq!(forger.outcome(honest()).await, "SUCCESS");
    for (claims, reason) in [
        (json!({ "azp": CLIENT }), "SUCCESS"),
        (json!({ "aud": [CLIENT] }), "SUCCESS"),
        // SHA-512 of the access token for Ed25519, its left half.
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
        let lies = Lies {
            claims: claims.clone(),
            ..honest()
        };
        assert_eq!(forger.outcome(lies).await, reason, "{claims}");
    }
    for signed in [-600, 600] {
        let lies = Lies { signed, ..honest() };
        assert_eq!(forger.outcome(lies).await, "OPENID_TOKEN", "{signed}");
    }
}

fn half_hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, text.as_bytes());
    let (half, _) = digest.as_ref().split_at(32);
    URL_SAFE_NO_PAD.encode(half)
}

#[tokio::test]
async fn a_token_without_the_providers_signature_is_refused_auth_4() {
    let forger = Forger::start().await;
    let lies: [fn(&Forger, String) -> String; 6] = [
        |_, token| with_header(&token, &json!({ "alg": "none" })),
        |_, token| with_header(&token, &json!({ "alg": "none", "typ": "JWT", "kid": "k1" })),
        |_, token| with_header(&token, &json!({ "alg": "HS256", "kid": "k1" })),
        // Another key under the same name.
        |forger, _| id_token(forger, &forger.stranger, &json!({})),
        |_, token| format!("{}.", token.rsplit_once('.').unwrap().0),
        |_, _| "not-a-token".to_owned(),
    ];
    for (at, token) in lies.into_iter().enumerate() {
        let lies = Lies { token, ..honest() };
        assert_eq!(forger.outcome(lies).await, "OPENID_TOKEN", "{at}");
    }
}

#[tokio::test]
async fn a_document_of_somebody_else_is_not_used_auth_4() {
    let forger = Forger::start().await;
    for document in [
        json!({ "issuer": "https://another.example" }),
        json!({ "issuer": format!("{}/", forger.issuer) }),
        json!({ "token_endpoint": "http://another.example/token" }),
        json!({ "jwks_uri": "http://another.example/jwks" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "code_challenge_methods_supported": ["plain"] }),
    ] {
        let lies = Lies {
            document: document.clone(),
            ..honest()
        };
        assert_eq!(forger.outcome(lies).await, "OPENID_ANSWER", "{document}");
    }
    let lies = Lies {
        document: json!({ "token_endpoint": Value::Null }),
        ..honest()
    };
    assert_eq!(forger.outcome(lies).await, "OPENID_UNAVAILABLE");
}

#[tokio::test]
async fn what_is_told_of_somebody_else_is_refused_auth_4() {
    let forger = Forger::start().await;
    let lies = Lies {
        userinfo: json!({ "sub": "eve", "email": "ada@example.org", "email_verified": true }),
        ..honest()
    };
    assert_eq!(forger.outcome(lies).await, "OPENID_SUBJECT");
    let lies = Lies {
        userinfo: json!({ "email": "ada@example.org", "email_verified": true }),
        ..honest()
    };
    assert_eq!(forger.outcome(lies).await, "OPENID_SUBJECT");
}

#[tokio::test]
async fn a_code_goes_to_the_provider_once_and_to_nobody_else_auth_4() {
    let forger = Forger::start().await;
    let answers: [fn() -> Response; 3] = [
        || (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        || StatusCode::SERVICE_UNAVAILABLE.into_response(),
        || "<html>".into_response(),
    ];
    for answer in answers {
        forger.codes.lock().unwrap().clear();
        let lies = Lies {
            answer: Some(answer),
            ..honest()
        };
        let reason = forger.outcome(lies).await;
        assert!(
            ["OPENID_UNAVAILABLE", "OPENID_ANSWER"].contains(&reason),
            "{reason}"
        );
        assert_eq!(forger.codes.lock().unwrap().len(), 1);
    }
}

#[test]
fn settings_that_cannot_be_safe_are_refused_auth_4() {
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
