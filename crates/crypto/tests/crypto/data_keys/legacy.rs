use std::num::NonZeroU32;

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    pbkdf2,
};
use data_encoding::{BASE64, HEXLOWER};
use seaworthy_core::Secret;
use seaworthy_crypto::{
    DataKeys, DataKeysConfig, Derivation, Encrypted, KeyLength, Root, Sealer, SeedConfig, rewrap,
};
use seaworthy_data::{chrono::Utc, sql, uuid::Uuid};
use serde_json::json;

use super::test_database::{NOTES, TestDatabase, body, config, place};

const SEED: &str = "a seed of the legacy service, with more bytes";
const SALT: &str = "0123456789abcdef";
const ITERATIONS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

fn seed(text: &str, iterations: Option<NonZeroU32>) -> SeedConfig {
    SeedConfig {
        seed: Some(Secret::new(text.to_owned())),
        salt: Some(Secret::new(SALT.to_owned())),
        derivation: Some(Derivation::Pbkdf2),
        iterations,
        ..SeedConfig::default()
    }
}

/// Nonce, ciphertext and tag, without a context, as the legacy service stored them.
fn sealed(key: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let key = LessSafeKey::new(UnboundKey::new(cipher, key).unwrap());
    let (nonce, mut text) = ([7; 12], plain.to_vec());
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
        .unwrap();
    [nonce.as_slice(), &text].concat()
}

/// Returns the root key of the legacy service.
fn legacy_root(length: u8) -> Vec<u8> {
    let mut root = vec![0; length.into()];
    let (salt, seed) = (SALT.as_bytes(), SEED.as_bytes());
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ITERATIONS,
        salt,
        seed,
        &mut root,
    );
    root
}

/// Returns a new root, and that of the legacy service as the other one.
fn both(length: u8) -> Root {
    let legacy = SeedConfig {
        key_length: KeyLength::try_from(length).unwrap(),
        ..seed(SEED, Some(ITERATIONS))
    };
    let new = seed("a new seed with thirty-two bytes or more", None);
    Root::from_seed(&new, Some(&legacy)).unwrap()
}

pub(crate) async fn legacy_values_and_keys_are_read_and_moved_sec_5(test: TestDatabase) {
    let root = legacy_root(32);
    let data_key = [9; 32];
    sql("INSERT INTO kms_data_keys (id, version, algorithm, encrypted_key, key_hash, status, created_at, expires_at, metadata)
         VALUES (?, 'v1700000000000000000', 'AES-256-GCM', ?, 'none', 'inactive', ?, ?, ?)")
        .bind(Uuid::from_u128(1))
        .bind(sealed(&root, &data_key))
        .bind(Utc::now())
        .bind(Utc::now())
        .bind(json!({}))
        .execute(&test.database)
        .await
        .unwrap();
    let value = HEXLOWER.encode(&sealed(&data_key, body(0).as_bytes()));
    sql("INSERT INTO notes (id, body) VALUES (0, ?)")
        .bind(format!("v1700000000000000000:AES-256-GCM:{value}"))
        .execute(&test.database)
        .await
        .unwrap();

    let strict = DataKeys::open(&test.database, both(32), &config()).await;
    assert!(strict.is_err(), "legacy keys need their setting");
    let accepting = DataKeysConfig {
        accept_legacy_values: true,
        ..config()
    };
    let keys = DataKeys::open(&test.database, both(32), &accepting)
        .await
        .unwrap();
    let sealer = Sealer::new(keys.clone());
    test.opens(&sealer, 1).await;

    assert_eq!(keys.rewrap_root().await.unwrap(), 1);
    let report = rewrap(&test.database, &sealer, &NOTES, |_| {})
        .await
        .unwrap();
    assert_eq!((report.seen, report.changed), (1, 1));
    keys.delete_unused(&test.database, &[NOTES]).await.unwrap();
    tokio::time::sleep(config().delete_after.get()).await;
    let deleted = keys.delete_unused(&test.database, &[NOTES]).await.unwrap();
    assert!(deleted[0].deleted, "{deleted:?}");

    // Nothing needs the legacy root, its key or its format.
    let new = seed("a new seed with thirty-two bytes or more", None);
    let new = Root::from_seed(&new, None).unwrap();
    let keys = DataKeys::open(&test.database, new, &config())
        .await
        .unwrap();
    test.opens(&Sealer::new(keys), 1).await;
    // A value that was damaged does not decrypt.
    let text = format!("v1700000000000000000:AES-256-GCM:{}", &value[2..]);
    let damaged: Encrypted<String> = text.parse().unwrap();
    assert!(sealer.open(&damaged, &place(0)).await.is_err());
}

pub(crate) async fn shorter_legacy_roots_are_read_sec_5(test: TestDatabase) {
    let accepting = DataKeysConfig {
        accept_legacy_values: true,
        ..config()
    };
    for (id, length) in [(1, 16), (2, 24)] {
        sql("INSERT INTO kms_data_keys (id, version, algorithm, encrypted_key, key_hash, status, created_at, expires_at, metadata)
             VALUES (?, ?, 'AES-256-GCM', ?, 'none', 'inactive', ?, ?, ?)")
            .bind(Uuid::from_u128(id))
            .bind(format!("v{id}"))
            .bind(sealed(&legacy_root(length), &[9; 32]))
            .bind(Utc::now())
            .bind(Utc::now())
            .bind(json!({}))
            .execute(&test.database)
            .await
            .unwrap();
        let wrong = DataKeys::open(&test.database, both(32), &accepting).await;
        assert!(wrong.is_err(), "{length}");
        let keys = DataKeys::open(&test.database, both(length), &accepting).await;
        let keys = keys.unwrap();
        assert_eq!(keys.rewrap_root().await.unwrap(), 1, "{length}");
    }
}

pub(crate) async fn older_legacy_texts_and_blanks_are_read_sec_5(test: TestDatabase) {
    let sealed = sealed(&legacy_root(32), body(0).as_bytes());
    let (nonce, rest) = sealed.split_at(12);
    let older = format!("01.{}.{}", BASE64.encode(nonce), BASE64.encode(rest));
    for (id, text) in [(0, older.as_str()), (1, "")] {
        sql("INSERT INTO notes (id, body) VALUES (?, ?)")
            .bind(id)
            .bind(text)
            .execute(&test.database)
            .await
            .unwrap();
    }
    let open = async |accept_legacy_values| {
        let config = DataKeysConfig {
            accept_legacy_values,
            ..config()
        };
        let keys = DataKeys::open(&test.database, both(32), &config).await;
        Sealer::new(keys.unwrap())
    };
    let (strict, accepting) = (open(false).await, open(true).await);
    for (id, expected) in [(0, body(0)), (1, String::new())] {
        let stored = test.sealed(id).await;
        assert!(strict.open(&stored, &place(id)).await.is_err(), "{id}");
        assert_eq!(accepting.open(&stored, &place(id)).await.unwrap(), expected);
    }
    // An older form was a digest, which is not encryption.
    for text in [
        older.replacen("01", "02", 1),
        format!("01.{}", &older[3..19]),
    ] {
        assert!(text.parse::<Encrypted<String>>().is_err(), "{text}");
    }

    let report = rewrap(&test.database, &accepting, &NOTES, |_| {}).await;
    assert_eq!(report.unwrap().changed, 1);
    let moved = test.sealed(0).await;
    assert_eq!(strict.open(&moved, &place(0)).await.unwrap(), body(0));
    assert_eq!(
        accepting
            .open(&test.sealed(1).await, &place(1))
            .await
            .unwrap(),
        ""
    );
}
