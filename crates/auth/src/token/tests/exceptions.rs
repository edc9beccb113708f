//! Rules that an issuer's settings switch off.

use seaworthy_core::Delay;

use super::*;

#[test]
fn expiry_has_its_own_leeway_auth_1() {
    let issuer = Issuer::new(IssuerConfig {
        token_key: Some(Secret::new(SECRET.to_owned())),
        expiry_leeway: Some(Delay::from_secs(0)),
        ..config(&[Algorithm::Hs256])
    });
    let verifier = TokenVerifier::new([issuer.unwrap()]).unwrap();
    let at = |name: &str, time: u64| {
        verifier
            .verify_now(&token(&with(name, time.into())), now())
            .map(drop)
    };
    assert_eq!(at("exp", NOW), Err(TokenError::Expired));
    assert_eq!(at("exp", NOW + 1), Ok(()));
    assert_eq!(at("nbf", NOW + 30), Ok(()));
}

#[test]
fn audience_and_iat_are_ignored_if_configured_auth_1() {
    let verify = |audiences: &[&str], claims: &Value| {
        let issuer = Issuer::new(IssuerConfig {
            audiences: audiences.iter().map(|name| (*name).to_owned()).collect(),
            ignore_audience: true,
            ignore_issued_at: true,
            algorithms: vec![Algorithm::Hs256],
            token_key: Some(Secret::new(SECRET.to_owned())),
            ..IssuerConfig::default()
        });
        let verifier = TokenVerifier::new([issuer.unwrap()]).unwrap();
        verifier.verify_now(&token(claims), now()).map(drop)
    };
    assert_eq!(verify(&[], &with("iat", (NOW + 600).into())), Ok(()));
    assert_eq!(verify(&[], &without("aud")), Ok(()));
    let soon = with("nbf", (NOW + 600).into());
    assert_eq!(verify(&[], &soon), Err(TokenError::NotYetValid));
    // A configured audience is always required.
    assert_eq!(verify(&["joins"], &claims()), Err(TokenError::Audience));
}
