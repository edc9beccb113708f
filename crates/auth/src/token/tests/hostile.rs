//! Random and nearly valid input for every parser of tokens and keys.

use proptest::prelude::*;

use super::*;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Generates JSON with the members that the parsers read, of any type.
fn json(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[A-Za-z0-9_-]{0,60}".prop_map(Value::from),
        prop::sample::select(vec![
            "RSA", "EC", "OKP", "oct", "P-256", "Ed25519", "HS256", "sig"
        ])
        .prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(names, inner),
        ]
    });
    object(names, value)
}

fn object(
    names: &'static [&'static str],
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        4 => prop::sample::select(names).prop_map(str::to_owned),
        1 => ".{0,8}",
    ];
    prop::collection::btree_map(name, value, 0..8).prop_map(|members| {
        members
            .into_iter()
            .collect::<serde_json::Map<_, _>>()
            .into()
    })
}

const HEADER_NAMES: &[&str] = &["alg", "typ", "kid", "crit", "b64", "jwk", "x5c"];
const CLAIM_NAMES: &[&str] = &[
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "role", "scope",
];
const KEY_NAMES: &[&str] = &[
    "kty", "alg", "use", "key_ops", "kid", "n", "e", "crv", "x", "y", "k", "keys",
];

proptest! {
    #[test]
    fn hostile_texts_are_rejected_auth_1(text in "[A-Za-z0-9_.=-]{0,200}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn hostile_payloads_are_rejected_auth_1(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify(&forged(HEADER, &payload)).is_err());
    }

    #[test]
    fn hostile_headers_are_accepted_with_the_right_algorithm_only_auth_1(header in json(HEADER_NAMES)) {
        let payload = claims().to_string();
        if verify(&forged(&header.to_string(), payload.as_bytes())).is_ok() {
            prop_assert_eq!(&header["alg"], "HS256");
            prop_assert!(header.get("crit").is_none());
        }
    }

    #[test]
    fn hostile_claims_are_accepted_with_their_types_only_auth_1(hostile in json(CLAIM_NAMES)) {
        let mut all = claims();
        for (name, value) in hostile.as_object().unwrap() {
            all[name.as_str()] = value.clone();
        }
        if let Ok(verified) = verify(&token(&all)) {
            prop_assert_eq!(&all["iss"], ISSUER);
            prop_assert_eq!(all["sub"].as_str(), Some(verified.actor().as_str()));
            prop_assert!(all["exp"].is_number());
        }
    }

    #[test]
    fn altered_token_is_rejected_auth_1(at in 0_usize..1_000, byte in prop::sample::select(b"AZaz09-_.".to_vec())) {
        let mut text = token(&claims()).into_bytes();
        let at = at % text.len();
        prop_assume!(text[at] != byte);
        text[at] = byte;
        prop_assert!(verify(str::from_utf8(&text).unwrap()).is_err());
    }

    #[test]
    fn hostile_key_sets_are_read_or_rejected_auth_1(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        keys in prop::collection::vec(json(KEY_NAMES), 0..5),
    ) {
        let algorithms = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
        prop_assert!(KeySet::parse(&bytes, &algorithms).is_err());
        let document = json!({ "keys": keys }).to_string();
        if let Ok(set) = KeySet::parse(document.as_bytes(), &algorithms) {
            prop_assert!(algorithms.iter().any(|algorithm| set.contains(*algorithm, None)));
        }
        for key in keys {
            let _ = KeySet::parse_key(key.to_string().as_bytes(), &algorithms);
        }
    }
}
