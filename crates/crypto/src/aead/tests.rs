use serde_json::Value;

use super::*;

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn cipher_passes_wycheproof_vectors_sec_5() {
    let text = include_str!("../../tests/vectors/aes_gcm_test.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let mut seen = 0;
    for group in file["testGroups"].as_array().unwrap() {
        // The supported sizes: keys of 256 bits, nonces of 96, tags of 128.
        if group["keySize"] != 256 || group["ivSize"] != 96 || group["tagSize"] != 128 {
            continue;
        }
        for test in group["tests"].as_array().unwrap() {
            seen += 1;
            let key: [u8; KEY_LENGTH] = bytes(&test["key"]).try_into().unwrap();
            let aead = Aead::new(&Secret::new(key)).unwrap();
            let sealed = [bytes(&test["iv"]), bytes(&test["ct"]), bytes(&test["tag"])].concat();
            let bound = bytes(&test["aad"]);
            let opened = aead.open(&sealed, &bound);
            assert_eq!(opened.is_ok(), test["result"] == "valid", "{test}");
            if let Ok(opened) = opened {
                assert_eq!(opened.expose(), &bytes(&test["msg"]), "{test}");
                let sealed = aead.seal(opened.expose(), &bound).unwrap();
                assert_eq!(
                    aead.open(&sealed, &bound).unwrap().expose(),
                    opened.expose()
                );
            }
        }
    }
    assert!(seen > 60, "{seen} vectors");
}
