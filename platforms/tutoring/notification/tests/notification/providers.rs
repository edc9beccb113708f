//! Servers that behave like those of Google and Apple.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use seaworthy::{
    axum::{
        Json as Body,
        extract::{Path as Param, State},
        http::{HeaderMap, StatusCode, Version},
        response::{IntoResponse as _, Response},
        routing::post,
    },
    config::{Environment, Loader},
    prelude::*,
    service::RunningService,
};
use serde_json::{Value, json};

/// The claims that both services read.
#[derive(serde::Deserialize)]
struct Claims {
    iss: String,
    scope: Option<String>,
    aud: Option<String>,
    exp: Option<u64>,
    iat: u64,
}

/// The requests that the servers received, and their next responses.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) minted: u32,
    pub(crate) fcm: Vec<Value>,
    /// Device token, headers and body.
    pub(crate) apns: Vec<(String, HeaderMap, Value)>,
    /// The next responses of Firebase. Without them it accepts pushes.
    pub(crate) fcm_answers: VecDeque<(u16, Value)>,
    pub(crate) apns_answers: VecDeque<(u16, &'static str)>,
}

type Shared = Arc<Mutex<Received>>;

/// Both servers, with the public keys of the applications.
pub(crate) struct Providers {
    pub(crate) address: SocketAddr,
    pub(crate) received: Shared,
    _service: RunningService,
}

#[derive(Clone)]
struct Keys {
    received: Shared,
    google: DecodingKey,
    apple: DecodingKey,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct EmptyConfig {}

impl Providers {
    /// `google` and `apple` are public keys as raw bytes: RSA in PKCS #1, and a point of P-256.
    pub(crate) async fn start(google: &[u8], apple: &[u8]) -> Self {
        let received = Shared::default();
        let keys = Keys {
            received: Arc::clone(&received),
            google: DecodingKey::from_rsa_der(google),
            apple: DecodingKey::from_ec_der(apple),
        };
        let loader = Loader::new("providers")
            .environment(Environment::default())
            .overrides([
                "server.http.addr=127.0.0.1:0".to_owned(),
                "admin.addr=127.0.0.1:0".to_owned(),
                "server.http.rate_limit.enabled=false".to_owned(),
                "log.level=error".to_owned(),
            ]);
        let started = Service::new("providers", "1").start(
            loader,
            async |service: &Assembly<EmptyConfig>| {
                let routes = Routes::new()
                    .route("/token", post(mint))
                    .route("/v1/projects/{action}", post(absent))
                    .route("/v1/projects/tutoring-test/messages:send", post(fcm))
                    .route("/3/device/{token}", post(apns))
                    .with_options(|options| options.access(Access::Public))
                    .with_state(keys);
                service.http(routes);
                Ok(())
            },
        );
        let service = started
            .await
            .unwrap_or_else(|error| panic!("{:?}", error.chain()));
        Self {
            address: service.addresses().http,
            received,
            _service: service,
        }
    }
}

async fn absent() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// The token endpoint of Google: an assertion that the service account signed becomes an access
/// token.
async fn mint(State(keys): State<Keys>, form: String) -> Response {
    let assertion = form.strip_prefix(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=",
    );
    let Some(assertion) = assertion else {
        let body = json!({ "error": "unsupported_grant_type" });
        return (StatusCode::BAD_REQUEST, Body(body)).into_response();
    };
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["https://oauth2.googleapis.com/token"]);
    let claims = decode::<Claims>(assertion, &keys.google, &rules).map(|token| token.claims);
    let header = decode_header(assertion).unwrap();
    let is_valid = claims.as_ref().is_ok_and(|claims| {
        claims.iss == "push@tutoring-test.iam.gserviceaccount.com"
            && claims.scope.as_deref() == Some("https://www.googleapis.com/auth/firebase.messaging")
            && claims.exp.unwrap() - claims.iat <= 3_600
            && claims.aud.is_some()
            && header.kid.as_deref() == Some("key-1")
    });
    if !is_valid {
        let body = json!({ "error": "invalid_grant" });
        return (StatusCode::BAD_REQUEST, Body(body)).into_response();
    }
    let mut received = keys.received.lock().unwrap();
    received.minted += 1;
    let token = format!("ya29.{}", received.minted);
    Body(json!({ "access_token": token, "expires_in": 3_599, "token_type": "Bearer" }))
        .into_response()
}

async fn fcm(State(keys): State<Keys>, headers: HeaderMap, Body(body): Body<Value>) -> Response {
    let mut received = keys.received.lock().unwrap();
    let current = format!("Bearer ya29.{}", received.minted);
    if headers["authorization"] != current {
        let error = json!({ "error": { "code": 401, "status": "UNAUTHENTICATED" } });
        return (StatusCode::UNAUTHORIZED, Body(error)).into_response();
    }
    received.fcm.push(body["message"].clone());
    match received.fcm_answers.pop_front() {
        Some((status, body)) => (StatusCode::from_u16(status).unwrap(), Body(body)).into_response(),
        None => Body(json!({ "name": "projects/tutoring-test/messages/1" })).into_response(),
    }
}

async fn apns(
    State(keys): State<Keys>,
    Param(token): Param<String>,
    version: Version,
    headers: HeaderMap,
    Body(body): Body<Value>,
) -> Response {
    let refused =
        |status, reason: &str| (status, Body(json!({ "reason": reason }))).into_response();
    // Apple speaks HTTP/2 alone.
    if version != Version::HTTP_2 {
        return refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "Unknown");
    }
    let bearer = headers["authorization"].to_str().unwrap();
    let bearer = bearer.strip_prefix("Bearer ").unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    let claims = decode::<Claims>(bearer, &keys.apple, &rules).map(|token| token.claims);
    let is_valid = claims.is_ok_and(|claims| claims.iss == "TEAM" && claims.iat > 0)
        && decode_header(bearer).unwrap().kid.as_deref() == Some("APPLEKEY");
    if !is_valid {
        return refused(StatusCode::FORBIDDEN, "InvalidProviderToken");
    }
    let mut received = keys.received.lock().unwrap();
    received.apns.push((token, headers, body));
    match received.apns_answers.pop_front() {
        Some((status, reason)) => refused(StatusCode::from_u16(status).unwrap(), reason),
        None => StatusCode::OK.into_response(),
    }
}
