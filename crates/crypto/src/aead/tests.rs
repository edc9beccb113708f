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
            let aead = Aead::new(Algorithm::Aes256Gcm, &Secret::new(key)).unwrap();
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

/// Uses the test vector of RFC 8439, section 2.8.2.
#[test]
fn chacha_opens_the_vector_of_its_rfc_sec_5() {
    let key: Vec<u8> = (0x80..0xa0).collect();
    let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
    let bound = [
        0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
    ];
    let text = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691";
    let text = bytes(&Value::String(text.to_owned()));
    let key = Secret::new(key.try_into().unwrap());
    let aead = Aead::new(Algorithm::ChaCha20Poly1305, &key).unwrap();
    let opened = aead.open(&[&nonce[..], &text].concat(), &bound).unwrap();
    assert!(opened.expose().starts_with(b"Ladies and Gentlemen"));
    let sealed = aead.seal(opened.expose(), &bound).unwrap();
    assert_ne!(&sealed[NONCE_LENGTH..], text);
    assert_eq!(
        aead.open(&sealed, &bound).unwrap().expose(),
        opened.expose()
    );
    assert!(aead.open(&sealed, b"").is_err());
    let other = Aead::new(Algorithm::Aes256Gcm, &key).unwrap();
    assert!(other.open(&sealed, &bound).is_err());
}
