use super::*;

fn signer(key: SigningKey) -> TokenSigner {
    let config = TokenSignerConfig {
        issuer: ISSUER.to_owned(),
        ..TokenSignerConfig::default()
    };
    TokenSigner::new(config, key)
}

/// Returns a verifier with the published keys of a signer.
fn verifier_for(signer: &TokenSigner, algorithm: Algorithm) -> TokenVerifier {
    let keys = KeySet::parse(signer.jwks().as_bytes(), &[algorithm]).unwrap();
    let issuer = Issuer::with_keys(config(&[algorithm]), keys).unwrap();
    TokenVerifier::new([issuer]).unwrap()
}

fn new_token() -> NewToken {
    NewToken::for_subject("ada")
        .audience("events")
        .claim("role", "admin")
}

#[test]
fn signed_tokens_verify_for_each_algorithm_auth_1() {
    for algorithm in Algorithm::ALL
        .into_iter()
        .filter(|algorithm| !algorithm.is_symmetric())
    {
        let signer = signer(SigningKey::generate("k1", algorithm).unwrap());
        let token = signer.sign_at(new_token(), now()).unwrap();
        let verified = verifier_for(&signer, algorithm).verify_now(token.expose(), now());
        let verified = verified.unwrap();
        assert_eq!(verified.actor().as_str(), "ada", "{algorithm}");
        assert!(verified.grants().has_role("admin"));
        assert!(verified.claims().id().is_some());
    }
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let key = SigningKey::secret("k1", algorithm, &secret()).unwrap();
        let signer = signer(key);
        let token = signer.sign_at(new_token(), now()).unwrap();
        let keys = signer.verification().unwrap();
        let issuer = Issuer::with_keys(config(&[algorithm]), keys).unwrap();
        let verifier = TokenVerifier::new([issuer]).unwrap();
        assert!(
            verifier.verify_now(token.expose(), now()).is_ok(),
            "{algorithm}"
        );
        assert_eq!(
            signer.jwks(),
            r#"{"keys":[]}"#,
            "the key set must not contain secrets"
        );
    }
}

#[test]
fn unlisted_algorithm_is_rejected_auth_1() {
    let key = SigningKey::generate("k1", Algorithm::Rs512).unwrap();
    let mut jwk = key.public_jwk().unwrap();
    jwk.as_object_mut().unwrap().remove("alg");
    let set = json!({ "keys": [jwk] }).to_string();
    let keys = KeySet::parse(set.as_bytes(), &[Algorithm::Rs256, Algorithm::Ps256]).unwrap();
    let allowed = config(&[Algorithm::Rs256, Algorithm::Ps256]);
    let verifier = TokenVerifier::new([Issuer::with_keys(allowed, keys).unwrap()]).unwrap();
    let token = signer(key).sign_at(new_token(), now()).unwrap();
    let refused = verifier.verify_now(token.expose(), now()).unwrap_err();
    assert_eq!(refused, TokenError::Algorithm);
}

#[test]
fn key_rotation_keeps_all_tokens_verifiable_auth_1() {
    let algorithm = Algorithm::EdDsa;
    let signer = signer(SigningKey::generate("old", algorithm).unwrap());
    let by_old = signer.sign_at(new_token(), now()).unwrap();
    let before = verifier_for(&signer, algorithm);

    signer
        .publish(SigningKey::generate("new", algorithm).unwrap())
        .unwrap();
    let announced = verifier_for(&signer, algorithm);
    let still_old = signer.sign_at(new_token(), now()).unwrap();
    assert!(before.verify_now(still_old.expose(), now()).is_ok());

    signer.activate("new").unwrap();
    let by_new = signer.sign_at(new_token(), now()).unwrap();
    assert_eq!(
        before.verify_now(by_new.expose(), now()).unwrap_err(),
        TokenError::UnknownKey
    );
    for token in [&by_old, &by_new] {
        assert!(announced.verify_now(token.expose(), now()).is_ok());
    }

    assert_eq!(
        signer.remove("new"),
        Err(SignError::Active("new".to_owned()))
    );
    signer.remove("old").unwrap();
    let after = verifier_for(&signer, algorithm);
    assert_eq!(
        after.verify_now(by_old.expose(), now()).unwrap_err(),
        TokenError::UnknownKey
    );
    assert!(after.verify_now(by_new.expose(), now()).is_ok());
    let twice = SigningKey::generate("new", algorithm).unwrap();
    assert_eq!(
        signer.publish(twice),
        Err(SignError::Duplicate("new".to_owned()))
    );
}

#[test]
fn claims_of_the_signer_cannot_be_overwritten_auth_1() {
    let signer = signer(SigningKey::generate("k1", Algorithm::EdDsa).unwrap());
    let token = new_token()
        .claim("iss", "https://evil.example")
        .claim("exp", u64::MAX);
    let token = signer.sign_at(token, now()).unwrap();
    let verified = verifier_for(&signer, Algorithm::EdDsa)
        .verify_now(token.expose(), now())
        .unwrap();
    assert_eq!(verified.claims().issuer(), Some(ISSUER));
    assert_eq!(
        verified.claims().expires_at(),
        Some(now() + Duration::from_secs(900))
    );
}

#[test]
fn token_of_another_kind_has_its_own_lifetime_auth_3() {
    let signer = signer(SigningKey::generate("k1", Algorithm::EdDsa).unwrap());
    let day = Duration::from_secs(24 * 60 * 60);
    let token = new_token().kind("refresh+jwt").lifetime(day);
    let token = signer.sign_at(token, now()).unwrap();
    let of_access = verifier_for(&signer, Algorithm::EdDsa);
    let refused = of_access.verify_now(token.expose(), now());
    assert_eq!(refused.unwrap_err(), TokenError::Type);

    let config = IssuerConfig {
        types: vec!["refresh+jwt".to_owned()],
        ..config(&[Algorithm::EdDsa])
    };
    let issuer = Issuer::with_keys(config, signer.verification().unwrap()).unwrap();
    let of_refresh = TokenVerifier::new([issuer]).unwrap();
    let verified = of_refresh.verify_now(token.expose(), now()).unwrap();
    assert_eq!(verified.claims().expires_at(), Some(now() + day));
    let access = signer.sign_at(new_token(), now()).unwrap();
    let refused = of_refresh.verify_now(access.expose(), now());
    assert_eq!(refused.unwrap_err(), TokenError::Type);
}
