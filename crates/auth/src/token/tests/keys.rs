use super::*;

fn jwk() -> Value {
    SigningKey::generate("k1", Algorithm::EdDsa)
        .unwrap()
        .public_jwk()
        .unwrap()
}

fn parse(keys: &[Value]) -> Result<KeySet, KeySetError> {
    let set = json!({ "keys": keys }).to_string();
    KeySet::parse(set.as_bytes(), &[Algorithm::EdDsa, Algorithm::Es256])
}

#[test]
fn unusable_keys_are_skipped_auth_1() {
    let others = [
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" }),
        json!({ "kty": "future" }),
        json!({ "kid": 1 }),
        json!(null),
        json!("key"),
    ];
    for other in others {
        assert!(parse(&[other.clone(), jwk()]).is_ok(), "{other}");
        assert_eq!(
            parse(std::slice::from_ref(&other)).unwrap_err(),
            KeySetError::Nothing,
            "{other}"
        );
    }
}

#[test]
fn point_off_its_curve_is_rejected_auth_1() {
    let zeros = encode(&[0; 32]);
    let key = json!({ "kty": "EC", "crv": "P-256", "x": zeros, "y": zeros });
    assert_eq!(parse(&[key]).unwrap_err(), KeySetError::Nothing);
}

#[test]
fn malformed_and_ambiguous_key_sets_are_rejected_auth_1() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        "<html>",
    ] {
        let refused = KeySet::parse(text.as_bytes(), &[Algorithm::EdDsa]).unwrap_err();
        assert_eq!(refused, KeySetError::Malformed, "{text}");
    }
    assert_eq!(parse(&[jwk(), jwk()]).unwrap_err(), KeySetError::Ambiguous);
    let many: Vec<_> = (0..65).map(|_| jwk()).collect();
    assert_eq!(parse(&many).unwrap_err(), KeySetError::TooMany);
}

#[test]
fn weak_rsa_keys_and_short_secrets_are_rejected_auth_1() {
    let short = encode(&[0xc5; 128]);
    let key = json!({ "kty": "RSA", "n": short, "e": "AQAB" }).to_string();
    let refused = KeySet::parse_key(key.as_bytes(), &[Algorithm::Rs256]).unwrap_err();
    assert_eq!(refused, KeyError::Unreadable);
    for (algorithm, length) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        let of = |length: usize| VerificationKey::secret(algorithm, &Secret::new(vec![7; length]));
        assert_eq!(of(length - 1).unwrap_err(), KeyError::ShortSecret);
        assert!(of(length).is_ok());
    }
}

#[test]
fn unsafe_issuer_settings_are_rejected_auth_1() {
    let keys = || {
        KeySet::new([SigningKey::generate("k", Algorithm::EdDsa)
            .unwrap()
            .verification()
            .unwrap()])
    };
    let refused = |config: IssuerConfig| Issuer::with_keys(config, keys()).unwrap_err();
    assert_eq!(refused(config(&[])), IssuerError::NoAlgorithm);
    let late = IssuerConfig {
        leeway: seaworthy_core::Delay::from_secs(301),
        ..config(&[Algorithm::EdDsa])
    };
    assert_eq!(refused(late), IssuerError::Leeway);
    assert_eq!(
        Issuer::new(config(&[Algorithm::EdDsa])).unwrap_err(),
        IssuerError::Keys
    );
    let issuer = || Issuer::with_keys(config(&[Algorithm::EdDsa]), keys()).unwrap();
    assert_eq!(
        TokenVerifier::new([issuer(), issuer()]).unwrap_err(),
        IssuerError::Duplicate
    );
    assert_eq!(TokenVerifier::new([]).unwrap_err(), IssuerError::NoIssuer);
}

#[test]
fn token_signed_by_another_issuer_is_rejected_auth_1() {
    let key = |id: &str| SigningKey::generate(id, Algorithm::EdDsa).unwrap();
    let (trusted, other) = (key("k"), key("k"));
    let issuer = |name: &str, key: &SigningKey| {
        let config = IssuerConfig {
            issuer: Some(name.to_owned()),
            ..config(&[Algorithm::EdDsa])
        };
        Issuer::with_keys(config, KeySet::new([key.verification().unwrap()])).unwrap()
    };
    let verifier = TokenVerifier::new([
        issuer(ISSUER, &trusted),
        issuer("https://other.example", &other),
    ])
    .unwrap();
    let by = |key: &SigningKey| {
        signed(
            key,
            r#"{"alg":"EdDSA","kid":"k"}"#,
            claims().to_string().as_bytes(),
        )
    };
    assert!(verifier.verify_now(&by(&trusted), now()).is_ok());
    assert_eq!(
        verifier.verify_now(&by(&other), now()).unwrap_err(),
        TokenError::Signature
    );
}

#[test]
fn revocation_by_version_and_by_token_auth_3() {
    let revoked = Revocations::new();
    let until = now() + Duration::from_secs(900);
    let status = |claims: &Value| revoked.status(&Arc::new(verify(&token(claims)).unwrap()));
    assert!(matches!(status(&claims()), RevocationStatus::Valid));
    revoked.raise_version("ada", 2, until);
    revoked.raise_version("ada", 1, until);
    assert!(matches!(status(&claims()), RevocationStatus::Revoked));
    assert!(matches!(
        status(&with("ver", 1.into())),
        RevocationStatus::Revoked
    ));
    assert!(matches!(
        status(&with("ver", "9".into())),
        RevocationStatus::Revoked
    ));
    assert!(matches!(
        status(&with("ver", 2.into())),
        RevocationStatus::Valid
    ));
    assert!(matches!(
        status(&with("sub", "bob".into())),
        RevocationStatus::Valid
    ));
    revoked.revoke("one", until);
    let bob = json!({ "iss": ISSUER, "sub": "bob", "aud": "events", "exp": NOW + 9, "jti": "one" });
    assert!(matches!(status(&bob), RevocationStatus::Revoked));
    revoked.remove_expired(until);
    assert!(matches!(status(&bob), RevocationStatus::Valid));
}
