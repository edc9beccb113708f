use proptest::prelude::*;

use super::*;
use crate::{KeyId, Keyring, PassphraseSalt, key_from_passphrase};

fn id(name: &str) -> KeyId {
    KeyId::new(name).unwrap()
}

fn keyring() -> Keyring {
    Keyring::new(id("k1"), &Secret::new([1; 32])).unwrap()
}

fn place() -> Context {
    Context::new("users", "phone").row("7")
}

async fn sealed(sealer: &Sealer) -> Encrypted<String> {
    sealer
        .seal(&"+33 6 12 34 56 78".to_owned(), &place())
        .await
        .unwrap()
}

#[tokio::test]
async fn value_decrypts_only_with_its_context_sec_5() {
    let sealer = Sealer::new(keyring());
    let value = sealed(&sealer).await;
    assert_eq!(
        sealer.open(&value, &place()).await.unwrap(),
        "+33 6 12 34 56 78"
    );
    for elsewhere in [
        Context::new("users", "phone"),
        Context::new("users", "phone").row("8"),
        Context::new("users", "email").row("7"),
        Context::new("admins", "phone").row("7"),
    ] {
        let refused = sealer.open(&value, &elsewhere).await.unwrap_err();
        assert!(
            matches!(refused, CryptoError::DecryptionFailed),
            "{elsewhere:?}"
        );
    }
}

#[tokio::test]
async fn batch_has_one_data_key_and_is_complete_sec_5() {
    let sealer = Sealer::new(keyring());
    let contexts = ["1", "2", "3"].map(|row| Context::new("users", "phone").row(row));
    let texts = contexts.iter().map(|context| format!("{context:?}"));
    let texts: Vec<String> = texts.collect();
    let values: Vec<_> = texts.iter().zip(&contexts).collect();
    let stored = sealer.seal_all(&values).await.unwrap();
    let keys = stored.iter().map(|value| &value.envelope().key);
    assert_eq!(keys.collect::<std::collections::HashSet<_>>().len(), 1);

    let mut batch: Vec<_> = stored.iter().zip(&contexts).collect();
    assert_eq!(sealer.open_all(&batch).await.unwrap(), texts);
    // One value of another row fails the batch.
    batch[1].1 = &contexts[2];
    let refused = sealer.open_all(&batch).await.unwrap_err();
    assert!(matches!(refused, CryptoError::DecryptionFailed));
    assert!(matches!(
        sealer.seal_all(&[(&Refused, &contexts[0])]).await,
        Err(CryptoError::Value)
    ));
}

/// A value that has no JSON.
struct Refused;

impl Serialize for Refused {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("refused"))
    }
}

#[tokio::test]
async fn equal_values_have_different_ciphertexts_sec_5() {
    let sealer = Sealer::new(keyring());
    let (one, two) = (sealed(&sealer).await, sealed(&sealer).await);
    assert_ne!(one, two);
    let text = serde_json::to_string(&one).unwrap();
    assert!(text.starts_with("\"sealed1:"), "{text}");
    assert!(!format!("{one:?}{text}").contains("33 6"));
    assert_eq!(
        serde_json::from_str::<Encrypted<String>>(&text).unwrap(),
        one
    );
    let bytes = one.envelope().to_bytes().unwrap();
    assert_eq!(&Envelope::from_bytes(&bytes).unwrap(), one.envelope());
}

#[tokio::test]
async fn every_changed_bit_fails_decryption_sec_5() {
    let sealer = Sealer::new(keyring());
    let bytes = sealed(&sealer).await.envelope().to_bytes().unwrap();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[index] ^= 1 << bit;
            if let Ok(envelope) = Envelope::from_bytes(&changed) {
                let opened = sealer.open_bytes(&envelope, &place()).await;
                assert!(opened.is_err(), "bit {bit} of byte {index}");
            }
        }
        assert!(match Envelope::from_bytes(&bytes[..index]) {
            Ok(cut) => sealer.open_bytes(&cut, &place()).await.is_err(),
            Err(_) => true,
        });
    }
}

#[tokio::test]
async fn keyring_rotation_allows_removing_old_key_sec_5() {
    let keyring = keyring();
    let sealer = Sealer::new(keyring.clone());
    let old = sealed(&sealer).await;
    assert_eq!(
        sealer.rewrap(old.envelope()).await.unwrap(),
        Rewrapped::Current
    );

    keyring.add(id("k2"), &Secret::new([2; 32])).unwrap();
    keyring.activate(&id("k2")).unwrap();
    let new = sealed(&sealer).await;
    assert_eq!(new.envelope().key_id().as_str(), "k2");
    assert!(sealer.open(&old, &place()).await.is_ok());

    let Rewrapped::Changed(anew) = sealer.rewrap(old.envelope()).await.unwrap() else {
        panic!("a key of yesterday was left");
    };
    assert_eq!(
        anew.sealed,
        old.envelope().sealed,
        "the value itself was touched"
    );
    assert!(matches!(
        keyring.remove(&id("k2")),
        Err(CryptoError::KeyInUse(_))
    ));
    keyring.remove(&id("k1")).unwrap();
    sealer.renew_data_key();
    let anew = Encrypted::<String>::new(anew);
    assert!(sealer.open(&anew, &place()).await.is_ok());
    let lost = sealer.open(&old, &place()).await.unwrap_err();
    assert!(
        matches!(lost, CryptoError::UnknownKey(ref name) if name == "k1"),
        "{lost}"
    );
    let twice = keyring.add(id("k2"), &Secret::new([3; 32]));
    assert!(matches!(twice, Err(CryptoError::DuplicateKey(_))));
}

#[tokio::test]
async fn only_process_with_same_key_decrypts_sec_5() {
    let value = sealed(&Sealer::new(keyring())).await;
    assert!(Sealer::new(keyring()).open(&value, &place()).await.is_ok());
    let other = Keyring::new(id("k1"), &Secret::new([9; 32])).unwrap();
    let refused = Sealer::new(other).open(&value, &place()).await.unwrap_err();
    assert!(matches!(refused, CryptoError::DecryptionFailed));
}

#[tokio::test]
async fn value_of_other_type_is_an_error_without_the_value_sec_5() {
    let sealer = Sealer::new(keyring());
    let value = sealed(&sealer).await;
    let number = Encrypted::<u32>::new(value.envelope().clone());
    let refused = sealer.open(&number, &place()).await.unwrap_err();
    assert!(
        !format!("{refused} {refused:?}").contains("33"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn passphrase_and_salt_derive_one_key_sec_5() {
    let salt = PassphraseSalt::new([5; 16]);
    let phrase = |text: &str| Secret::new(text.to_owned());
    let key = key_from_passphrase(&phrase("correct horse battery staple"), salt).unwrap();
    let again = key_from_passphrase(&phrase("correct horse battery staple"), salt).unwrap();
    assert_eq!(key.expose(), again.expose());
    let other = PassphraseSalt::new([6; 16]);
    let elsewhere = key_from_passphrase(&phrase("correct horse battery staple"), other).unwrap();
    assert_ne!(key.expose(), elsewhere.expose());
    assert!(key_from_passphrase(&phrase("short"), salt).is_err());
}

proptest! {
    #[test]
    fn parsing_hostile_bytes_does_not_panic_sec_5(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(envelope) = Envelope::from_bytes(&bytes) {
            prop_assert_eq!(envelope.to_bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn parsing_hostile_text_does_not_panic_sec_5(text in "(sealed1:|01\\.|1:AES-256-GCM:)?[A-Za-z0-9_=.:-]{0,80}") {
        if let Ok(envelope) = text.parse::<Envelope>() {
            let written = envelope.to_string();
            prop_assert!(text == written || !text.starts_with("sealed1:"));
            prop_assert!(written.parse::<Envelope>().unwrap() == envelope);
        }
    }
}
