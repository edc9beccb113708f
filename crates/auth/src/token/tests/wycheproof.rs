//! The public vectors of Project Wycheproof for JSON Web Signature (`tests/vectors/README.md`).

use std::collections::HashSet;

use super::*;

/// Vectors that are valid in the file and rejected by this crate.
const STRICTER: [(u64, &str); 6] = [
    (346, "the key says PS256, the token PS384"),
    (347, "the key's algorithm is misspelt ES521"),
    (350, "the key says PS256, the token PS384"),
    (351, "the key's algorithm is misspelt ES521"),
    (372, "the header has a character that is not base64url"),
    (373, "the payload has a character that is not base64url"),
];
/// Vectors that are invalid in the file although their token is the same as the valid one in 357.
/// Their comments describe padding that they do not have.
/// `base64url_has_one_spelling_auth_1` has it.
const SAME_AS_VALID: [u64; 2] = [367, 370];

#[test]
fn wycheproof_vectors_pass_auth_1() {
    let text = include_str!("../../../tests/vectors/json_web_signature_test.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for group in file["testGroups"].as_array().unwrap() {
        // HMAC groups have only a private key.
        let key = group.get("public").unwrap_or(&group["private"]).to_string();
        let keys = KeySet::parse_key(key.as_bytes(), &Algorithm::ALL);
        let mut valid = HashSet::new();
        for test in group["tests"].as_array().unwrap() {
            seen += 1;
            let id = test["tcId"].as_u64().unwrap();
            let jws = test["jws"].as_str().unwrap_or_default();
            let mut expected = test["result"] == "valid";
            if expected {
                valid.insert(jws);
            }
            if SAME_AS_VALID.contains(&id) {
                assert!(valid.contains(jws), "{id} differs from the valid vector");
                expected = true;
            }
            let stricter = STRICTER.iter().any(|(vector, _)| *vector == id);
            let accepted = keys
                .as_ref()
                .is_ok_and(|keys| keys.payload(jws, &Algorithm::ALL, 100_000).is_ok());
            if accepted != (expected && !stricter) {
                wrong.push((id, test["comment"].to_string(), accepted));
            }
        }
    }
    assert_eq!(seen, 401);
    assert!(wrong.is_empty(), "{wrong:?}");
}
