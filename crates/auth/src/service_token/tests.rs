use std::convert::Infallible;

use http::{Request, header::AUTHORIZATION};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;

use super::*;
use crate::token::{
    Algorithm, Issuer, IssuerConfig, SigningKey, TokenError, TokenSignerConfig, TokenVerifier,
};

fn signer(kind: &str) -> TokenSigner {
    let config = TokenSignerConfig {
        issuer: "orders".to_owned(),
        kind: kind.to_owned(),
        ..TokenSignerConfig::default()
    };
    TokenSigner::new(
        config,
        SigningKey::generate("k1", Algorithm::EdDsa).unwrap(),
    )
}

fn verifier_for(signer: &TokenSigner, audience: &str) -> TokenVerifier {
    let config = IssuerConfig {
        issuer: Some("orders".to_owned()),
        audiences: vec![audience.to_owned()],
        algorithms: vec![Algorithm::EdDsa],
        types: vec![SERVICE_TOKEN.to_owned()],
        ..IssuerConfig::default()
    };
    let issuer = Issuer::with_keys(config, signer.verification().unwrap());
    TokenVerifier::new([issuer.unwrap()]).unwrap()
}

#[test]
fn service_token_is_valid_for_one_audience_auth_6() {
    let signer = signer(SERVICE_TOKEN);
    let now = SystemTime::now();
    let token = ServiceTokens::new(signer.clone(), "orders", "payments")
        .token_at(now)
        .unwrap();
    let verify = |audience: &str| verifier_for(&signer, audience).verify_now(token.expose(), now);
    assert_eq!(verify("payments").unwrap().actor().as_str(), "orders");
    assert_eq!(verify("events").unwrap_err(), TokenError::Audience);
}

#[test]
fn user_token_is_not_a_service_token_auth_6() {
    let users = signer("JWT");
    let token = users
        .sign(NewToken::for_subject("ada").audience("payments"))
        .unwrap();
    let refused = verifier_for(&users, "payments").verify_now(token.expose(), SystemTime::now());
    assert_eq!(refused.unwrap_err(), TokenError::Type);
}

#[test]
fn token_is_renewed_at_half_its_lifetime_auth_6() {
    let tokens = ServiceTokens::new(signer(SERVICE_TOKEN), "orders", "payments");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let at = |seconds: u64| tokens.token_at(now + Duration::from_secs(seconds)).unwrap();
    let first = at(0);
    assert_eq!(at(449).expose(), first.expose());
    let second = at(450);
    assert_ne!(second.expose(), first.expose());
    assert_eq!(at(451).expose(), second.expose());
}

#[tokio::test]
async fn layer_adds_token_without_overwriting_auth_6() {
    let tokens = ServiceTokens::new(signer(SERVICE_TOKEN), "orders", "payments");
    let expected = format!("Bearer {}", tokens.token().unwrap().expose());
    let seen = service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(request.headers()[AUTHORIZATION].clone())
    });
    let client = ServiceTokenLayer::new(tokens).layer(seen);
    let value = client.clone().oneshot(Request::new(())).await.unwrap();
    assert_eq!(value.to_str().unwrap(), expected);
    assert!(value.is_sensitive());
    let own = Request::get("/")
        .header(AUTHORIZATION, "Bearer own")
        .body(())
        .unwrap();
    assert_eq!(client.oneshot(own).await.unwrap(), "Bearer own");
}

#[tokio::test]
async fn layer_without_tokens_adds_nothing_auth_6() {
    let has_token = service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(request.headers().contains_key(AUTHORIZATION))
    });
    let client = ServiceTokenLayer::optional(None).layer(has_token);
    assert!(!client.oneshot(Request::new(())).await.unwrap());
}
