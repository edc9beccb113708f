use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, http::StatusCode, routing::get};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_telemetry::metrics::Metrics;

use crate::{
    jwks::{Jwks, JwksConfig},
    token::{
        Algorithm, Issuer, IssuerConfig, NewToken, SigningKey, TokenSigner, TokenSignerConfig,
        TokenVerifier,
    },
};

/// An issuer that serves a key set on a real socket.
#[derive(Clone)]
pub(super) struct TestIssuer {
    pub(super) signer: TokenSigner,
    response: Arc<Mutex<(StatusCode, String)>>,
    fetches: Arc<AtomicU32>,
    pub(super) address: String,
}

impl TestIssuer {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let signer = signer("k1");
        let issuer = Self {
            response: Arc::new(Mutex::new((StatusCode::OK, signer.jwks()))),
            signer,
            fetches: Arc::default(),
            address: format!("http://{}", listener.local_addr().unwrap()),
        };
        let served = issuer.clone();
        let respond = async move || {
            served.fetches.fetch_add(1, Ordering::SeqCst);
            served.response.lock().unwrap().clone()
        };
        let router = Router::new().route("/.well-known/jwks.json", get(respond));
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    pub(super) fn respond(&self, status: StatusCode, body: &str) {
        *self.response.lock().unwrap() = (status, body.to_owned());
    }

    /// Serves the current keys of the signer.
    pub(super) fn publish(&self) {
        self.respond(StatusCode::OK, &self.signer.jwks());
    }

    pub(super) fn fail(&self) {
        self.respond(StatusCode::SERVICE_UNAVAILABLE, "");
    }

    /// Signs with a new key, which is not published yet.
    pub(super) fn rotate(&self, id: &str) {
        let key = SigningKey::generate(id, Algorithm::EdDsa).unwrap();
        self.signer.publish(key).unwrap();
        self.signer.activate(id).unwrap();
    }

    /// Returns how often the key set was fetched.
    pub(super) fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }

    pub(super) fn jwks(&self, config: JwksConfig) -> Jwks {
        jwks(&self.address, config, &Metrics::new())
    }

    pub(super) fn sign(&self) -> String {
        sign(&self.signer)
    }
}

pub(super) fn signer(key: &str) -> TokenSigner {
    let key = SigningKey::generate(key, Algorithm::EdDsa).unwrap();
    TokenSigner::new(TokenSignerConfig::default(), key)
}

pub(super) fn sign(signer: &TokenSigner) -> String {
    let token = signer.sign(NewToken::for_subject("ada")).unwrap();
    token.expose().clone()
}

/// Returns a token by a key that no issuer has.
pub(super) fn invented(key: &str) -> String {
    sign(&signer(key))
}

pub(super) fn client(address: &str) -> HttpClient {
    let mut config = HttpClientConfig {
        base_url: Some(address.parse().unwrap()),
        ..HttpClientConfig::default()
    };
    config.policies.retry.max_attempts = std::num::NonZeroU32::MIN;
    HttpClient::builder("login").config(config).build().unwrap()
}

pub(super) fn jwks(address: &str, config: JwksConfig, metrics: &Metrics) -> Jwks {
    Jwks::new(client(address), vec![Algorithm::EdDsa], config, metrics).unwrap()
}

pub(super) fn verifier(jwks: &Jwks) -> TokenVerifier {
    let config = IssuerConfig {
        algorithms: vec![Algorithm::EdDsa],
        ..IssuerConfig::default()
    };
    TokenVerifier::new([Issuer::with_jwks(config, jwks.clone()).unwrap()]).unwrap()
}
