//! Keys are fetched over encrypted connections only.

use seaworthy_client::{HttpClient, HttpClientConfig, HttpClients};
use seaworthy_telemetry::metrics::Metrics;

use super::{
    super::*,
    issuer::{client, jwks},
};
use crate::token::{Algorithm, Issuer, IssuerConfig, IssuerError};

#[test]
fn keys_are_fetched_over_tls_or_loopback_only_auth_1() {
    let new = |client: HttpClient, algorithm| {
        let (config, metrics) = (JwksConfig::default(), Metrics::new());
        Jwks::new(client, vec![algorithm], config, &metrics).map(drop)
    };
    for insecure in ["http://login.example.org", "http://127.0.0.1.example.org"] {
        let created = new(client(insecure), Algorithm::EdDsa);
        assert_eq!(created, Err(JwksError::NotEncrypted), "{insecure}");
    }
    for secure in [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost:8080",
    ] {
        assert_eq!(new(client(secure), Algorithm::EdDsa), Ok(()), "{secure}");
    }
    let without_url = HttpClient::builder("login").build().unwrap();
    assert_eq!(
        new(without_url, Algorithm::EdDsa),
        Err(JwksError::NotEncrypted)
    );
    let local = "http://127.0.0.1:1";
    assert_eq!(new(client(local), Algorithm::Hs256), Err(JwksError::Secret));
    let config = IssuerConfig {
        algorithms: vec![Algorithm::Hs256],
        ..IssuerConfig::default()
    };
    let jwks = jwks(local, JwksConfig::default(), &Metrics::new());
    assert_eq!(
        Issuer::with_jwks(config, jwks).unwrap_err(),
        IssuerError::FetchedSecret
    );
}

#[tokio::test]
async fn reload_to_unencrypted_url_fetches_no_keys_auth_1() {
    let clients = HttpClients::new();
    let at = |address: &str| HttpClientConfig {
        base_url: Some(address.parse().unwrap()),
        ..HttpClientConfig::default()
    };
    let client = HttpClient::builder("login").config(at("http://127.0.0.1:1"));
    let client = client.follow(&clients, "login").build().unwrap();
    let (config, metrics) = (JwksConfig::default(), Metrics::new());
    let jwks = Jwks::new(client, vec![Algorithm::EdDsa], config, &metrics).unwrap();
    let moved = at("http://login.example.org");
    clients
        .reload(&[("login".to_owned(), moved)].into())
        .unwrap();
    assert!(!jwks.refresh().await);
    let failure = jwks.check().unwrap_err();
    assert!(format!("{failure:?}").contains("https://"), "{failure:?}");
}
