use std::num::NonZeroU32;

use seaworthy_core::Secret;
use seaworthy_crypto::{CryptoError, DataKeys, Derivation, KeyLength, Root, Sealer, SeedConfig};
use seaworthy_data::{Value, sql};

use super::test_database::{TestDatabase, config};

pub(crate) fn seed(text: &str) -> SeedConfig {
    SeedConfig {
        seed: Some(Secret::new(format!("{text} {}", "x".repeat(32)))),
        salt: Some(Secret::new("0123456789abcdef".to_owned())),
        derivation: Some(Derivation::Pbkdf2),
        ..SeedConfig::default()
    }
}

async fn opened(test: &TestDatabase, root: Root) -> Result<DataKeys, CryptoError> {
    DataKeys::open(&test.database, root, &config()).await
}

async fn stored(test: &TestDatabase) -> Vec<(i64, Value)> {
    sql("SELECT id, body FROM notes ORDER BY id")
        .fetch_all(&test.database)
        .await
        .unwrap()
}

pub(crate) async fn changed_root_rewraps_only_keys_sec_5(test: TestDatabase) {
    // The legacy minimum of iterations is accepted for the other root only.
    let old = SeedConfig {
        iterations: NonZeroU32::new(10_000),
        ..seed("old")
    };
    assert!(Root::from_seed(&old, None).is_err());
    let old = seed("old");
    let keys = opened(&test, Root::from_seed(&old, None).unwrap())
        .await
        .unwrap();
    let index = keys.purpose_key("index").await.unwrap();
    test.insert(&Sealer::new(keys.clone()), 0).await;
    keys.rotate().await.unwrap();
    test.insert(&Sealer::new(keys), 1).await;
    let before = stored(&test).await;

    let new = seed("new");
    let both = Root::from_seed(&new, Some(&old)).unwrap();
    let keys = opened(&test, both).await.unwrap();
    assert_eq!(keys.rewrap_root().await.unwrap(), 3);
    assert_eq!(keys.rewrap_root().await.unwrap(), 0);
    assert_eq!(stored(&test).await, before);

    let keys = opened(&test, Root::from_seed(&new, None).unwrap())
        .await
        .unwrap();
    let same = keys.purpose_key("index").await.unwrap();
    assert_eq!(same.expose(), index.expose());
    let other = keys.purpose_key("other").await.unwrap();
    assert_ne!(other.expose(), index.expose());
    test.opens(&Sealer::new(keys), 2).await;
    let error = opened(&test, Root::from_seed(&old, None).unwrap()).await;
    assert!(matches!(error, Err(CryptoError::UnknownRoot { .. })));
}

pub(crate) async fn wrong_root_stops_the_start_sec_5(test: TestDatabase) {
    opened(&test, Root::from_seed(&seed("right"), None).unwrap())
        .await
        .unwrap();
    // Iterations alone select PBKDF2.
    let by_iterations = SeedConfig {
        derivation: None,
        iterations: NonZeroU32::new(600_000),
        ..seed("right")
    };
    opened(&test, Root::from_seed(&by_iterations, None).unwrap())
        .await
        .unwrap();
    let wrong = opened(&test, Root::from_seed(&seed("wrong"), None).unwrap()).await;
    let shorter = SeedConfig {
        key_length: KeyLength::try_from(16).unwrap(),
        ..seed("right")
    };
    let other = opened(&test, Root::from_seed(&shorter, None).unwrap()).await;
    assert!(matches!(other, Err(CryptoError::UnknownRoot { .. })));
    let error = wrong.unwrap_err().to_string();
    assert!(error.contains("which is not configured"), "{error}");
    for short in [
        SeedConfig {
            seed: Some(Secret::new("x".repeat(31))),
            ..seed("right")
        },
        SeedConfig {
            salt: Some(Secret::new("x".repeat(15))),
            ..seed("right")
        },
        SeedConfig {
            derivation: Some(Derivation::Argon2id),
            iterations: NonZeroU32::new(600_000),
            ..seed("right")
        },
    ] {
        assert!(Root::from_seed(&short, None).is_err());
    }
}

pub(crate) async fn altered_rows_do_not_decrypt_sec_5(test: TestDatabase) {
    let keys = test.keys(&config()).await;
    keys.rotate().await.unwrap();
    // The rows swap their keys. Each key is valid, and belongs to another version.
    let rows: Vec<(String, Value)> =
        sql("SELECT version, encrypted_key FROM kms_data_keys ORDER BY version")
            .fetch_all(&test.database)
            .await
            .unwrap();
    for (version, key) in [(&rows[0].0, &rows[1].1), (&rows[1].0, &rows[0].1)] {
        sql("UPDATE kms_data_keys SET encrypted_key = ? WHERE version = ?")
            .bind(key.clone())
            .bind(version.as_str())
            .execute(&test.database)
            .await
            .unwrap();
    }
    let error = DataKeys::open(&test.database, super::test_database::root(), &config()).await;
    assert!(matches!(error, Err(CryptoError::DecryptionFailed)));
}
