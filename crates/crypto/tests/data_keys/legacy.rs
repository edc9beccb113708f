use std::num::NonZeroU32;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, RandomizedNonceKey},
    pbkdf2,
};
use data_encoding::HEXLOWER;
use seaworthy_core::Secret;
use seaworthy_crypto::{
    DataKeys, DataKeysConfig, Derivation, Encrypted, Root, Sealer, SeedConfig, rewrap,
};
use seaworthy_data::{chrono::Utc, sql, uuid::Uuid};
use serde_json::json;

use crate::test_database::{NOTES, TestDatabase, body, config, place};

const SEED: &str = "a seed of the legacy service, with more bytes";
const SALT: &str = "0123456789abcdef";
const ITERATIONS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

fn seed(text: &str, iterations: Option<NonZeroU32>) -> SeedConfig {
    SeedConfig {
        seed: Some(Secret::new(text.to_owned())),
        salt: Some(Secret::new(SALT.to_owned())),
        derivation: Derivation::Pbkdf2,
        iterations,
    }
}

/// Nonce, ciphertext and tag, without a context, as the legacy service stored them.
fn sealed(key: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).unwrap();
    let mut text = plain.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut text)
        .unwrap();
    [nonce.as_ref().as_slice(), &text].concat()
}

pub(crate) async fn legacy_values_and_keys_are_read_and_moved_sec_5(test: TestDatabase) {
    let mut root = [0; 32];
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(
        algorithm,
        ITERATIONS,
        SALT.as_bytes(),
        SEED.as_bytes(),
        &mut root,
    );
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

    let both = || {
        let legacy = seed(SEED, Some(ITERATIONS));
        let new = seed("a new seed with thirty-two bytes or more", None);
        Root::from_seed(&new, Some(&legacy)).unwrap()
    };
    let strict = DataKeys::open(&test.database, both(), &config()).await;
    assert!(strict.is_err(), "legacy keys need their setting");
    let accepting = DataKeysConfig {
        accept_legacy_values: true,
        ..config()
    };
    let keys = DataKeys::open(&test.database, both(), &accepting)
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
