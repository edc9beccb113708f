//! Known attacks on tokens, from RFC 8725 and from advisories of other libraries.

use super::*;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[test]
fn valid_token_is_accepted_auth_1() {
    let verified = verify(&token(&claims())).unwrap();
    assert_eq!(verified.actor().as_str(), "ada");
    assert!(verified.grants().has_role("moderator"));
    assert!(verified.grants().has_scope("write"));
    assert_eq!(verified.expires_at(), now() + Duration::from_secs(930));
}

#[test]
fn alg_none_is_rejected_auth_1() {
    let payload = encode(claims().to_string().as_bytes());
    for name in ["none", "None", "NONE", "nOnE", "", " none", "HS256 "] {
        let header = encode(format!("{{\"alg\":\"{name}\"}}").as_bytes());
        for signature in ["", "AAAA"] {
            let text = format!("{header}.{payload}.{signature}");
            assert_eq!(rejection(&text), TokenError::Algorithm, "{name:?}");
        }
    }
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":1}"#,
    ] {
        let text = forged(header, claims().to_string().as_bytes());
        assert_eq!(rejection(&text), TokenError::Malformed, "{header}");
    }
}

#[test]
fn public_key_is_never_an_hmac_secret_auth_1() {
    let key = SigningKey::generate("k", Algorithm::Rs256).unwrap();
    let jwk = key.public_jwk().unwrap();
    let keys = KeySet::new([key.verification().unwrap()]);
    let issuer = Issuer::with_keys(config(&[Algorithm::Rs256]), keys).unwrap();
    let verifier = TokenVerifier::new([issuer]).unwrap();
    let payload = claims().to_string();
    // All forms of the public key that an attacker may use.
    let forms = [
        jwk.to_string().into_bytes(),
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
        compact::decode(jwk["n"].as_str().unwrap()).unwrap(),
    ];
    for form in forms {
        let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &form);
        for kid in ["", r#","kid":"k""#] {
            let header = encode(format!("{{\"alg\":\"HS256\"{kid}}}").as_bytes());
            let text = format!("{header}.{}", encode(payload.as_bytes()));
            let tag = aws_lc_rs::hmac::sign(&hmac, text.as_bytes());
            let text = format!("{text}.{}", encode(tag.as_ref()));
            assert_eq!(
                verifier.verify_now(&text, now()).unwrap_err(),
                TokenError::Algorithm
            );
        }
    }
    // The settings reject such a secret too.
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    for text in [pem.to_owned(), format!("\n {pem}"), jwk.to_string()] {
        let secret = Secret::new(text.into_bytes());
        let refused = VerificationKey::secret(Algorithm::Hs256, &secret).unwrap_err();
        assert_eq!(refused, KeyError::SecretIsPublic);
    }
    let mixed = config(&[Algorithm::Hs256, Algorithm::Rs256]);
    assert_eq!(
        Issuer::with_keys(mixed, KeySet::default()).unwrap_err(),
        IssuerError::MixedAlgorithms
    );
}

#[test]
fn stripped_or_altered_signatures_are_rejected_auth_1() {
    let valid = token(&claims());
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    assert_eq!(rejection(&format!("{signed}.")), TokenError::Signature);
    assert_eq!(rejection(signed), TokenError::Malformed);
    for length in 1..signature.len() {
        let cut = rejection(&format!("{signed}.{}", &signature[..length]));
        assert!(matches!(cut, TokenError::Signature | TokenError::Malformed));
    }
    let other = with("sub", "eve".into()).to_string();
    let (header, _) = signed.split_once('.').unwrap();
    let swapped = format!("{header}.{}.{signature}", encode(other.as_bytes()));
    assert_eq!(rejection(&swapped), TokenError::Signature);
    assert_eq!(rejection(&format!("{valid}.x")), TokenError::Malformed);
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "null", "{}"] {
        assert_eq!(rejection(text), TokenError::Malformed, "{text:?}");
    }
}

#[test]
fn kid_only_selects_a_known_key_auth_1() {
    let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    let keys = KeySet::new([key.verification().unwrap()]);
    let issuer = Issuer::with_keys(config(&[Algorithm::EdDsa]), keys).unwrap();
    let verifier = TokenVerifier::new([issuer]).unwrap();
    let payload = claims().to_string();
    let sign = |kid: &str| {
        let header = json!({ "alg": "EdDSA", "kid": kid }).to_string();
        let text = signed(&key, &header, payload.as_bytes());
        verifier.verify_now(&text, now()).map(drop)
    };
    assert_eq!(sign("k1"), Ok(()));
    for kid in [
        "",
        "K1",
        "k1 ",
        "k1\0",
        "../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "https://evil.example/key",
        "' OR '1'='1",
        "k1' UNION SELECT 'secret",
        "$(id)",
        "%00",
    ] {
        assert_eq!(sign(kid), Err(TokenError::UnknownKey), "{kid:?}");
    }
    assert_eq!(sign(&"k".repeat(257)), Err(TokenError::Malformed));
    for header in [
        r#"{"alg":"EdDSA","kid":1}"#,
        r#"{"alg":"EdDSA","kid":["k1"]}"#,
    ] {
        let text = signed(&key, header, payload.as_bytes());
        assert_eq!(
            verifier.verify_now(&text, now()).unwrap_err(),
            TokenError::Malformed
        );
    }
}

#[test]
fn keys_in_tokens_are_rejected_auth_1() {
    let attacker = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    let jwk = attacker.public_jwk().unwrap();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
    ] {
        let header = json!({ "alg": "EdDSA", "kid": "k1", name: value }).to_string();
        let text = signed(&attacker, &header, claims().to_string().as_bytes());
        assert_eq!(rejection(&text), TokenError::Unsupported, "{name}");
        // A valid signature does not help.
        let header = json!({ "alg": "HS256", name: value }).to_string();
        let text = forged(&header, claims().to_string().as_bytes());
        assert_eq!(rejection(&text), TokenError::Unsupported, "{name}");
    }
}

#[test]
fn any_crit_is_rejected_auth_1() {
    for extension in [
        r#""crit":[]"#,
        r#""crit":["exp"],"exp":1"#,
        r#""crit":["b64"],"b64":false"#,
        r#""crit":["unknown"],"unknown":true"#,
        r#""crit":null"#,
        r#""crit":"exp""#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
    ] {
        let header = format!("{{\"alg\":\"HS256\",{extension}}}");
        let text = forged(&header, claims().to_string().as_bytes());
        assert_eq!(rejection(&text), TokenError::Unsupported, "{extension}");
    }
}

#[test]
fn duplicate_names_are_rejected_auth_1() {
    let payload = claims().to_string();
    let header = r#"{"alg":"none","alg":"HS256"}"#;
    assert_eq!(
        rejection(&forged(header, payload.as_bytes())),
        TokenError::Malformed
    );
    let twice = format!("{},\"sub\":\"eve\"}}", payload.trim_end_matches('}'));
    assert_eq!(
        rejection(&forged(HEADER, twice.as_bytes())),
        TokenError::Malformed
    );
}

#[test]
fn huge_and_deep_tokens_are_rejected_auth_1() {
    assert_eq!(rejection(&"a".repeat(10_000_000)), TokenError::TooLarge);
    let large = with("data", "x".repeat(9_000).into());
    assert_eq!(rejection(&token(&large)), TokenError::TooLarge);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(
        rejection(&forged(HEADER, deep.as_bytes())),
        TokenError::Malformed
    );
    assert_eq!(rejection(&forged(&deep, b"{}")), TokenError::Malformed);
}

#[test]
fn times_are_checked_with_the_leeway_auth_1() {
    let at = |name: &str, time: i64| {
        verify(&token(&with(name, (NOW.cast_signed() + time).into()))).map(drop)
    };
    assert_eq!(at("exp", -29), Ok(()));
    assert_eq!(at("exp", -30), Err(TokenError::Expired));
    assert_eq!(at("exp", -1_000_000), Err(TokenError::Expired));
    assert_eq!(at("nbf", 30), Ok(()));
    assert_eq!(at("nbf", 31), Err(TokenError::NotYetValid));
    assert_eq!(at("iat", 30), Ok(()));
    assert_eq!(at("iat", 31), Err(TokenError::NotYetValid));
    assert_eq!(rejection(&token(&without("exp"))), TokenError::Claim);
    assert!(verify(&token(&without("iat"))).is_ok());
    assert!(verify(&token(&without("nbf"))).is_ok());
}

#[test]
fn wrong_audience_and_issuer_are_rejected_auth_1() {
    for wrong in [
        json!("event"),
        json!("events "),
        json!(""),
        json!([]),
        json!(["other"]),
    ] {
        assert_eq!(rejection(&token(&with("aud", wrong))), TokenError::Audience);
    }
    assert_eq!(rejection(&token(&without("aud"))), TokenError::Audience);
    assert!(verify(&token(&with("aud", json!(["other", "joins"])))).is_ok());
    for wrong in [
        "https://login.example.org/",
        "https://evil.example",
        "HTTPS://LOGIN.EXAMPLE.ORG",
    ] {
        assert_eq!(
            rejection(&token(&with("iss", wrong.into()))),
            TokenError::Issuer
        );
    }
    assert_eq!(rejection(&token(&without("iss"))), TokenError::Issuer);
}

#[test]
fn token_with_audience_needs_a_configured_one_auth_1() {
    let issuer = Issuer::new(IssuerConfig {
        algorithms: vec![Algorithm::Hs256],
        token_key: Some(Secret::new(SECRET.to_owned())),
        ..IssuerConfig::default()
    });
    let verifier = TokenVerifier::new([issuer.unwrap()]).unwrap();
    let verify = |claims: &Value| verifier.verify_now(&token(claims), now()).map(drop);
    assert_eq!(verify(&claims()), Err(TokenError::Audience));
    assert_eq!(verify(&without("aud")), Ok(()));
    assert_eq!(verify(&json!({ "sub": "ada", "exp": NOW + 1 })), Ok(()));
}

#[test]
fn claims_of_wrong_types_are_rejected_auth_1() {
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("1"),
        json!([]),
        json!([1]),
        json!({}),
        json!({ "a": 1 }),
        json!(u64::MAX),
        json!(1e300),
        json!(i64::MIN),
        json!("a\u{0}b"),
        json!("x".repeat(300)),
        json!(253_402_300_800_u64),
    ];
    for name in [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "role", "scope",
    ] {
        for value in &wrong {
            let outcome = verify(&token(&with(name, value.clone())));
            let is_time = matches!(name, "exp" | "nbf" | "iat");
            let is_valid = match name {
                // A fraction is valid. For `exp` it is in the past.
                "nbf" | "iat" => *value == json!(1.5),
                "jti" => *value == json!("1"),
                "sub" => *value == json!("1"),
                "role" | "scope" => value.is_string() || *value == json!([]),
                _ => false,
            };
            assert_eq!(outcome.is_ok(), is_valid, "{name}: {value}");
            if is_time && !value.is_number() {
                assert_eq!(outcome.unwrap_err(), TokenError::Claim, "{name}: {value}");
            }
        }
    }
    for payload in ["[]", "1", "null", "\"a\"", "true"] {
        assert_eq!(
            rejection(&forged(HEADER, payload.as_bytes())),
            TokenError::Malformed
        );
    }
}

#[test]
fn role_with_a_space_is_one_role_auth_5() {
    let verified = verify(&token(&with("role", "super admin".into()))).unwrap();
    assert!(!verified.grants().has_role("admin"));
    assert!(verified.grants().has_role("super admin"));
}

#[test]
fn base64url_has_one_spelling_auth_1() {
    let valid = token(&claims());
    let mut parts = valid.split('.');
    let (header, payload, signature) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    for spelling in [
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}. {signature}"),
        format!(" {header}.{payload}.{signature}"),
        format!("{header}\n.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}\n"),
        format!(
            "{header}.{payload}.{}",
            signature.replace('_', "/").replace('-', "+") + "+"
        ),
    ] {
        assert_eq!(rejection(&spelling), TokenError::Malformed, "{spelling}");
    }
    // 32 bytes have 43 characters. The last one has two unused bits.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    assert_eq!(index % 4, 0);
    let other = alphabet.chars().nth(index + 1).unwrap();
    let spelling = format!(
        "{header}.{payload}.{}{other}",
        &signature[..signature.len() - 1]
    );
    assert_eq!(rejection(&spelling), TokenError::Malformed);
}

#[test]
fn invalid_utf_8_in_unused_claims_is_rejected_auth_1() {
    let payload = claims().to_string();
    let mut bytes = payload.trim_end_matches('}').as_bytes().to_vec();
    bytes.extend_from_slice(b",\"unused\":\"\xff\xfe\"}");
    assert_eq!(rejection(&forged(HEADER, &bytes)), TokenError::Malformed);
}

#[test]
fn tokens_of_other_types_are_rejected_auth_1() {
    let payload = claims().to_string();
    let of = |kind: &str| {
        let header = json!({ "alg": "HS256", "typ": kind }).to_string();
        verify(&forged(&header, payload.as_bytes())).map(drop)
    };
    for kind in [
        "JWT",
        "jwt",
        "at+jwt",
        "application/at+jwt",
        "Application/JWT",
    ] {
        assert_eq!(of(kind), Ok(()), "{kind}");
    }
    for kind in ["", "dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "id"] {
        assert_eq!(of(kind), Err(TokenError::Type), "{kind}");
    }
    assert!(verify(&forged(r#"{"alg":"HS256"}"#, payload.as_bytes())).is_ok());
}

#[test]
fn errors_do_not_contain_the_token_auth_1() {
    let text = token(&with("sub", json!(["canary-value"])));
    let error = seaworthy_core::Error::from(rejection(&text));
    let shown = format!("{error:?} {error} {}", error.reason());
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(error.code().http_status(), 401);
    let unavailable = seaworthy_core::Error::from(TokenError::KeysUnavailable);
    assert_eq!(unavailable.code().http_status(), 503);
    assert!(unavailable.retry_after().is_some());
}
