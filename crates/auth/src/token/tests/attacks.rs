//! The classic attacks on tokens, each as it is described in RFC 8725 and in the advisories of other libraries.

use super::*;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[test]
fn a_token_that_is_right_is_believed_auth_1() {
    let verified = look(&token(&claims())).unwrap();
    assert_eq!(verified.actor().as_str(), "ada");
    assert!(verified.grants().has_role("moderator"));
    assert!(verified.grants().has_scope("write"));
    assert_eq!(verified.until(), now() + Duration::from_secs(930));
}

#[test]
fn alg_none_does_not_exist_auth_1() {
    let payload = encode(claims().to_string().as_bytes());
    for name in ["none", "None", "NONE", "nOnE", "", " none", "HS256 "] {
        let header = encode(format!("{{\"alg\":\"{name}\"}}").as_bytes());
        for signature in ["", "AAAA"] {
            let text = format!("{header}.{payload}.{signature}");
            assert_eq!(refusal(&text), TokenError::Algorithm, "{name:?}");
        }
    }
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":1}"#,
    ] {
        let text = forged(header, claims().to_string().as_bytes());
        assert_eq!(refusal(&text), TokenError::Malformed, "{header}");
    }
}

#[test]
fn a_public_key_is_never_an_hmac_secret_auth_1() {
    let key = SigningKey::generate("k", Algorithm::Rs256).unwrap();
    let jwk = key.public_jwk().unwrap();
    let keys = KeySet::new([key.verification().unwrap()]);
    let issuer = Issuer::with_keys(config(&[Algorithm::Rs256]), keys).unwrap();
    let verifier = TokenVerifier::new([issuer]).unwrap();
    let payload = claims().to_string();
    // Every form in which an attacker may have it.
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
    // Nor can the mistake be configured.
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
fn a_stripped_empty_or_altered_signature_proves_nothing_auth_1() {
    let right = token(&claims());
    let (signed, signature) = right.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{signed}.")), TokenError::Signature);
    assert_eq!(refusal(signed), TokenError::Malformed);
    for length in 1..signature.len() {
        let cut = refusal(&format!("{signed}.{}", &signature[..length]));
        assert!(matches!(cut, TokenError::Signature | TokenError::Malformed));
    }
    let other = with("sub", "eve".into()).to_string();
    let (header, _) = signed.split_once('.').unwrap();
    let swapped = format!("{header}.{}.{signature}", encode(other.as_bytes()));
    assert_eq!(refusal(&swapped), TokenError::Signature);
    assert_eq!(refusal(&format!("{right}.x")), TokenError::Malformed);
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "null", "{}"] {
        assert_eq!(refusal(text), TokenError::Malformed, "{text:?}");
    }
}

#[test]
fn a_kid_is_a_key_of_a_list_and_never_a_path_an_address_or_a_query_auth_1() {
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
fn keys_that_come_with_a_token_are_refused_auth_1() {
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
        assert_eq!(refusal(&text), TokenError::Unsupported, "{name}");
        // Also where everything else is right.
        let header = json!({ "alg": "HS256", name: value }).to_string();
        let text = forged(&header, claims().to_string().as_bytes());
        assert_eq!(refusal(&text), TokenError::Unsupported, "{name}");
    }
}

#[test]
fn crit_empty_known_or_unknown_is_refused_auth_1() {
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
        assert_eq!(refusal(&text), TokenError::Unsupported, "{extension}");
    }
}

#[test]
fn a_name_twice_in_header_or_claims_is_refused_auth_1() {
    let payload = claims().to_string();
    let header = r#"{"alg":"none","alg":"HS256"}"#;
    assert_eq!(
        refusal(&forged(header, payload.as_bytes())),
        TokenError::Malformed
    );
    let twice = format!("{},\"sub\":\"eve\"}}", payload.trim_end_matches('}'));
    assert_eq!(
        refusal(&forged(HEADER, twice.as_bytes())),
        TokenError::Malformed
    );
}

#[test]
fn huge_and_deep_tokens_are_refused_before_they_are_decoded_auth_1() {
    assert_eq!(refusal(&"a".repeat(10_000_000)), TokenError::TooLarge);
    let large = with("data", "x".repeat(9_000).into());
    assert_eq!(refusal(&token(&large)), TokenError::TooLarge);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(
        refusal(&forged(HEADER, deep.as_bytes())),
        TokenError::Malformed
    );
    assert_eq!(refusal(&forged(&deep, b"{}")), TokenError::Malformed);
}

#[test]
fn times_are_looked_at_with_the_leeway_and_no_more_auth_1() {
    let at = |name: &str, time: i64| {
        look(&token(&with(name, (NOW.cast_signed() + time).into()))).map(drop)
    };
    assert_eq!(at("exp", -29), Ok(()));
    assert_eq!(at("exp", -30), Err(TokenError::Expired));
    assert_eq!(at("exp", -1_000_000), Err(TokenError::Expired));
    assert_eq!(at("nbf", 30), Ok(()));
    assert_eq!(at("nbf", 31), Err(TokenError::NotYetValid));
    assert_eq!(at("iat", 30), Ok(()));
    assert_eq!(at("iat", 31), Err(TokenError::NotYetValid));
    assert_eq!(refusal(&token(&without("exp"))), TokenError::Claim);
    assert!(look(&token(&without("iat"))).is_ok());
    assert!(look(&token(&without("nbf"))).is_ok());
}

#[test]
fn who_is_meant_and_who_says_so_must_be_right_auth_1() {
    for wrong in [
        json!("event"),
        json!("events "),
        json!(""),
        json!([]),
        json!(["other"]),
    ] {
        assert_eq!(refusal(&token(&with("aud", wrong))), TokenError::Audience);
    }
    assert_eq!(refusal(&token(&without("aud"))), TokenError::Audience);
    assert!(look(&token(&with("aud", json!(["other", "joins"])))).is_ok());
    for wrong in [
        "https://login.example.org/",
        "https://evil.example",
        "HTTPS://LOGIN.EXAMPLE.ORG",
    ] {
        assert_eq!(
            refusal(&token(&with("iss", wrong.into()))),
            TokenError::Issuer
        );
    }
    assert_eq!(refusal(&token(&without("iss"))), TokenError::Issuer);
}

#[test]
fn a_token_for_somebody_is_not_for_a_service_without_a_name_auth_1() {
    let issuer = Issuer::new(IssuerConfig {
        algorithms: vec![Algorithm::Hs256],
        token_key: Some(Secret::new(SECRET.to_owned())),
        ..IssuerConfig::default()
    });
    let verifier = TokenVerifier::new([issuer.unwrap()]).unwrap();
    let look = |claims: &Value| verifier.verify_now(&token(claims), now()).map(drop);
    assert_eq!(look(&claims()), Err(TokenError::Audience));
    assert_eq!(look(&without("aud")), Ok(()));
    assert_eq!(look(&json!({ "sub": "ada", "exp": NOW + 1 })), Ok(()));
}

#[test]
fn a_claim_of_a_wrong_type_is_a_refusal_and_never_a_panic_auth_1() {
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
            let outcome = look(&token(&with(name, value.clone())));
            let is_time = matches!(name, "exp" | "nbf" | "iat");
            let is_right = match name {
                // A fraction of a second is a date as good as any, long past for `exp`.
                "nbf" | "iat" => *value == json!(1.5),
                "jti" => *value == json!("1"),
                "sub" => *value == json!("1"),
                "role" | "scope" => value.is_string() || *value == json!([]),
                _ => false,
            };
            assert_eq!(outcome.is_ok(), is_right, "{name}: {value}");
            if is_time && !value.is_number() {
                assert_eq!(outcome.unwrap_err(), TokenError::Claim, "{name}: {value}");
            }
        }
    }
    for payload in ["[]", "1", "null", "\"a\"", "true"] {
        assert_eq!(
            refusal(&forged(HEADER, payload.as_bytes())),
            TokenError::Malformed
        );
    }
}

#[test]
fn a_role_of_two_words_is_not_two_roles_auth_5() {
    let verified = look(&token(&with("role", "super admin".into()))).unwrap();
    assert!(!verified.grants().has_role("admin"));
    assert!(verified.grants().has_role("super admin"));
}

#[test]
fn base64url_has_one_spelling_auth_1() {
    let right = token(&claims());
    let mut parts = right.split('.');
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
        assert_eq!(refusal(&spelling), TokenError::Malformed, "{spelling}");
    }
    // 32 bytes are 43 letters, whose last has two bits that say nothing.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    assert_eq!(index % 4, 0);
    let other = alphabet.chars().nth(index + 1).unwrap();
    let spelling = format!(
        "{header}.{payload}.{}{other}",
        &signature[..signature.len() - 1]
    );
    assert_eq!(refusal(&spelling), TokenError::Malformed);
}

#[test]
fn what_is_no_utf_8_is_refused_also_where_nobody_reads_it_auth_1() {
    let payload = claims().to_string();
    let mut bytes = payload.trim_end_matches('}').as_bytes().to_vec();
    bytes.extend_from_slice(b",\"nobody\":\"\xff\xfe\"}");
    assert_eq!(refusal(&forged(HEADER, &bytes)), TokenError::Malformed);
}

#[test]
fn a_token_of_another_kind_is_not_an_access_token_auth_1() {
    let payload = claims().to_string();
    let of = |kind: &str| {
        let header = json!({ "alg": "HS256", "typ": kind }).to_string();
        look(&forged(&header, payload.as_bytes())).map(drop)
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
    assert!(look(&forged(r#"{"alg":"HS256"}"#, payload.as_bytes())).is_ok());
}

#[test]
fn a_refusal_tells_nothing_of_the_token_auth_1() {
    let text = token(&with("sub", json!(["canary-value"])));
    let error = seaworthy_core::Error::from(refusal(&text));
    let shown = format!("{error:?} {error} {}", error.reason());
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(error.code().http_status(), 401);
    let unavailable = seaworthy_core::Error::from(TokenError::KeysUnavailable);
    assert_eq!(unavailable.code().http_status(), 503);
    assert!(unavailable.retry_after().is_some());
}
