//! A service becomes ready when the keys and the metadata of its issuers are loaded.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use seaworthy_auth::{
    jwks::{Jwks, JwksConfig},
    oidc::{OpenIdConfig, OpenIdLogin, UsedLoginsInMemory},
    token::{Algorithm, SigningKey, TokenSigner, TokenSignerConfig},
};
use seaworthy_config::Loader;
use seaworthy_core::Secret;
use seaworthy_service::{Assembly, NoSettings, RunningService, Service, StartError};
use seaworthy_testkit::{
    http::request,
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
    server::free_address,
};

/// Longer than any condition of these tests takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(60);
const SECRET: &str = "a secret of the tests that is long enough";

async fn start(
    name: &'static str,
    settings: &[String],
    assemble: impl AsyncFnOnce(&Assembly<NoSettings>) -> Result<(), StartError>,
) -> RunningService {
    let loader = Loader::for_tests(name).overrides(settings.to_vec());
    Service::new(name, "1.0.0")
        .start(loader, assemble)
        .await
        .unwrap()
}

/// Waits until the admin listener responds to the readiness probe with this status, and returns the
/// body.
async fn eventually_ready(admin: SocketAddr, status: u16, text: &str) -> String {
    let started = Instant::now();
    loop {
        let answer = request(admin, "GET", "/readyz", &[], "").unwrap();
        if answer.status == status && answer.body.contains(text) {
            return answer.body;
        }
        assert!(
            started.elapsed() < TIMEOUT,
            "{} {}",
            answer.status,
            answer.body
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn service_is_ready_when_the_keys_of_its_issuer_are_loaded_life_3() {
    let address = free_address().unwrap();
    let base = format!("clients.login.base_url=http://{address}");
    let events = start("events", &[base], async |service| {
        let config = JwksConfig::default();
        Jwks::connect(service, "login", vec![Algorithm::EdDsa], config)?;
        Ok(())
    })
    .await;
    let admin = events.addresses().admin;
    let waiting = eventually_ready(admin, 503, "the key set cannot be fetched").await;
    assert!(waiting.contains("keys of login"), "{waiting}");

    let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    let signer = TokenSigner::new(TokenSignerConfig::default(), key);
    let listen = format!("server.http.addr={address}");
    let _issuer = start("login", &[listen], async |service| {
        service.http(signer.routes());
        Ok(())
    })
    .await;
    eventually_ready(admin, 200, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_is_ready_when_its_openid_provider_is_loaded_life_3() {
    let Some(modules) = required("SEAWORTHY_TEST_OIDC_PROVIDER") else {
        return;
    };
    let mut provider = OidcProvider::start(modules, &OidcRegistrations::new()).unwrap();
    provider.kill();
    let config = OpenIdConfig {
        issuer: provider.issuer(),
        client_id: "events".to_owned(),
        redirect_uri: "http://127.0.0.1:9/callback".to_owned(),
        ..OpenIdConfig::default()
    };
    let events = start("events", &[], async |service| {
        let (key, used) = (Secret::new(SECRET.to_owned()), UsedLoginsInMemory::new());
        OpenIdLogin::connect(service, "provider", config, &key, used)?;
        Ok(())
    })
    .await;
    let admin = events.addresses().admin;
    eventually_ready(admin, 503, "the provider is not available").await;
    provider.restart().unwrap();
    eventually_ready(admin, 200, "").await;
}
