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

/// The delay that a response 503 of Firebase requests, in seconds.
const RETRY_AFTER: &str = "180";

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
    /// The valid keys of both services. Others are rejected.
    keys: Option<PublicKeys>,
    pub(crate) minted: u32,
    /// The number of revoked access tokens.
    revoked: u32,
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

/// The public keys of the application, with their IDs.
#[derive(Clone)]
pub(crate) struct PublicKeys {
    google: (String, DecodingKey),
    apple: (String, DecodingKey),
}

impl PublicKeys {
    /// `google` and `apple` are public keys as raw bytes: RSA in PKCS #1, and a point of P-256.
    pub(crate) fn new(google: (&str, &[u8]), apple: (&str, &[u8])) -> Self {
        Self {
            google: (google.0.to_owned(), DecodingKey::from_rsa_der(google.1)),
            apple: (apple.0.to_owned(), DecodingKey::from_ec_der(apple.1)),
        }
    }
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct EmptyConfig {}

impl Providers {
    pub(crate) async fn start(keys: PublicKeys) -> Self {
        let received = Shared::default();
        received.lock().unwrap().keys = Some(keys);
        let state = Arc::clone(&received);
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
                    .with_state(state);
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

    /// Replaces the keys. Tokens of the previous keys are rejected from then on.
    pub(crate) fn rotate(&self, keys: PublicKeys) {
        let mut received = self.received.lock().unwrap();
        received.keys = Some(keys);
        received.revoked = received.minted;
    }
}

async fn absent() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// The token endpoint of Google: an assertion that the service account signed becomes an access
/// token.
async fn mint(State(shared): State<Shared>, form: String) -> Response {
    let mut received = shared.lock().unwrap();
    let (id, key) = received.keys.as_ref().unwrap().google.clone();
    let assertion = form.strip_prefix(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=",
    );
    let Some(assertion) = assertion else {
        let body = json!({ "error": "unsupported_grant_type" });
        return (StatusCode::BAD_REQUEST, Body(body)).into_response();
    };
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["https://oauth2.googleapis.com/token"]);
    let claims = decode::<Claims>(assertion, &key, &rules).map(|token| token.claims);
    let header = decode_header(assertion).unwrap();
    let is_valid = claims.as_ref().is_ok_and(|claims| {
        claims.iss == "push@tutoring-test.iam.gserviceaccount.com"
            && claims.scope.as_deref() == Some("https://www.googleapis.com/auth/firebase.messaging")
            && claims.exp.unwrap() - claims.iat <= 3_600
            && claims.aud.is_some()
            && header.kid.as_ref() == Some(&id)
    });
    if !is_valid {
        let body = json!({ "error": "invalid_grant" });
        return (StatusCode::BAD_REQUEST, Body(body)).into_response();
    }
    received.minted += 1;
    let token = format!("ya29.{}", received.minted);
    Body(json!({ "access_token": token, "expires_in": 3_599, "token_type": "Bearer" }))
        .into_response()
}

async fn fcm(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Body(body): Body<Value>,
) -> Response {
    let mut received = shared.lock().unwrap();
    let current = format!("Bearer ya29.{}", received.minted);
    if headers["authorization"] != current || received.minted == received.revoked {
        let error = json!({ "error": { "code": 401, "status": "UNAUTHENTICATED" } });
        return (StatusCode::UNAUTHORIZED, Body(error)).into_response();
    }
    received.fcm.push(body["message"].clone());
    match received.fcm_answers.pop_front() {
        Some((503, body)) => {
            let delay = [("retry-after", RETRY_AFTER)];
            (StatusCode::SERVICE_UNAVAILABLE, delay, Body(body)).into_response()
        }
        Some((status, body)) => (StatusCode::from_u16(status).unwrap(), Body(body)).into_response(),
        None => Body(json!({ "name": "projects/tutoring-test/messages/1" })).into_response(),
    }
}

async fn apns(
    State(shared): State<Shared>,
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
    let mut received = shared.lock().unwrap();
    let (id, key) = received.keys.as_ref().unwrap().apple.clone();
    let claims = decode::<Claims>(bearer, &key, &rules).map(|token| token.claims);
    let is_valid = claims.is_ok_and(|claims| claims.iss == "TEAM" && claims.iat > 0)
        && decode_header(bearer).unwrap().kid.as_ref() == Some(&id);
    if !is_valid {
        return refused(StatusCode::FORBIDDEN, "InvalidProviderToken");
    }
    received.apns.push((token, headers, body));
    match received.apns_answers.pop_front() {
        Some((status, reason)) => refused(StatusCode::from_u16(status).unwrap(), reason),
        None => StatusCode::OK.into_response(),
    }
}
