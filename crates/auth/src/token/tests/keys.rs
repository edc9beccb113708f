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
fn a_key_that_cannot_be_used_does_not_take_the_others_with_it_auth_1() {
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
fn a_point_that_is_not_on_its_curve_is_no_key_auth_1() {
    let zeros = encode(&[0; 32]);
    let key = json!({ "kty": "EC", "crv": "P-256", "x": zeros, "y": zeros });
    assert_eq!(parse(&[key]).unwrap_err(), KeySetError::Nothing);
}

#[test]
fn a_set_that_is_none_or_tells_nothing_apart_is_refused_auth_1() {
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
fn a_weak_rsa_key_or_a_short_secret_is_refused_auth_1() {
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
fn settings_that_would_believe_too_much_or_nothing_are_refused_auth_1() {
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
fn a_token_of_one_issuer_is_not_believed_of_another_auth_1() {
    let key = |id: &str| SigningKey::generate(id, Algorithm::EdDsa).unwrap();
    let (ours, theirs) = (key("k"), key("k"));
    let issuer = |name: &str, key: &SigningKey| {
        let config = IssuerConfig {
            issuer: Some(name.to_owned()),
            ..config(&[Algorithm::EdDsa])
        };
        Issuer::with_keys(config, KeySet::new([key.verification().unwrap()])).unwrap()
    };
    let verifier = TokenVerifier::new([
        issuer(ISSUER, &ours),
        issuer("https://other.example", &theirs),
    ])
    .unwrap();
    let by = |key: &SigningKey| {
        signed(
            key,
            r#"{"alg":"EdDSA","kid":"k"}"#,
            claims().to_string().as_bytes(),
        )
    };
    assert!(verifier.verify_now(&by(&ours), now()).is_ok());
    assert_eq!(
        verifier.verify_now(&by(&theirs), now()).unwrap_err(),
        TokenError::Signature
    );
}

#[test]
fn revocation_by_version_and_by_token_auth_3() {
    let revoked = Revocations::new();
    let until = now() + Duration::from_secs(900);
    let standing = |claims: &Value| revoked.status(&Arc::new(look(&token(claims)).unwrap()));
    assert!(matches!(standing(&claims()), RevocationStatus::Valid));
    revoked.raise_version("ada", 2, until);
    revoked.raise_version("ada", 1, until);
    assert!(matches!(standing(&claims()), RevocationStatus::Revoked));
    assert!(matches!(
        standing(&with("ver", 1.into())),
        RevocationStatus::Revoked
    ));
    assert!(matches!(
        standing(&with("ver", "9".into())),
        RevocationStatus::Revoked
    ));
    assert!(matches!(
        standing(&with("ver", 2.into())),
        RevocationStatus::Valid
    ));
    assert!(matches!(
        standing(&with("sub", "bob".into())),
        RevocationStatus::Valid
    ));
    revoked.revoke("one", until);
    let bob = json!({ "iss": ISSUER, "sub": "bob", "aud": "events", "exp": NOW + 9, "jti": "one" });
    assert!(matches!(standing(&bob), RevocationStatus::Revoked));
    revoked.remove_expired(until);
    assert!(matches!(standing(&bob), RevocationStatus::Valid));
}
