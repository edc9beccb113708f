//! Secrets of tokens that are valid for longer than a week (CONF-5).

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::time::{Duration, SystemTime};

use seaworthy_auth::token::{
    Algorithm, Issuer, IssuerConfig, NewToken, TokenSigner, TokenSignerConfig, TokenVerifier,
};
use seaworthy_core::{Delay, Secret, SecretRotation};

const FIRST: &str = "0f8b1d0c6a3e47f2b95d2c81a7e6f439";
const SECOND: &str = "9f2b6c1d0e3a47f2b95d2c81a7e6f4aa";
const ISSUER: &str = "https://login.example.org";

/// Returns whether a token is accepted after a rotation of its secret. The issuer has the setting,
/// and the time that replaces it.
fn is_accepted(setting: Delay, replaced_by: Duration) -> bool {
    let rotation = SecretRotation::default();
    let secret = Secret::with_rotation(FIRST.to_owned(), &rotation);
    let signing = TokenSignerConfig {
        issuer: ISSUER.to_owned(),
        ..TokenSignerConfig::default()
    };
    let signer = TokenSigner::with_secret(signing, "k1", Algorithm::Hs256, &secret).unwrap();
    let issuer = Issuer::new(IssuerConfig {
        issuer: Some(ISSUER.to_owned()),
        audiences: vec!["events".to_owned()],
        algorithms: vec![Algorithm::Hs256],
        token_key: Some(secret),
        previous_key_ttl: setting,
        ..IssuerConfig::default()
    });
    let issuer = issuer.unwrap().with_previous_key_ttl(replaced_by);
    let verifier = TokenVerifier::new([issuer]).unwrap();
    let token = NewToken::for_subject("ada").audience("events");
    let token = signer.sign(token).unwrap();
    let accepts = || {
        let now = SystemTime::now();
        verifier.verify_now(token.expose(), now).is_ok()
    };
    assert!(accepts());
    rotation.set(Secret::new(SECOND.to_owned()));
    accepts()
}

#[test]
fn previous_secret_can_be_valid_for_a_month_conf_5() {
    let month = Duration::from_secs(30 * 24 * 60 * 60);
    assert!(is_accepted(Delay::ZERO, month));
    assert!(!is_accepted(Delay::from_secs(900), Duration::ZERO));
}
