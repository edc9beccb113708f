use std::{collections::BTreeSet, time::Duration};

use seaworthy_crypto::{
    Algorithm, DataKeyStatus, DataKeys, DataKeysConfig, Rewrapped, Sealer, rewrap,
};

use super::test_database::{NOTES, TestDatabase, config, place};

async fn active_keys(keys: &DataKeys) -> usize {
    let status = keys.status().await.unwrap();
    let is_active = |status| status == DataKeyStatus::Active;
    status
        .keys
        .iter()
        .filter(|key| is_active(key.status))
        .count()
}

pub(crate) async fn rotation_keeps_values_of_writing_replicas_sec_5(test: TestDatabase) {
    let (writer, rotator) = (test.keys(&config()).await, test.keys(&config()).await);
    let (writes, reads) = (Sealer::new(writer.clone()), Sealer::new(rotator.clone()));
    let writing = async {
        for id in 0..200 {
            test.insert(&writes, id).await;
        }
    };
    let rotating = async {
        for _ in 0..4 {
            assert!(rotator.rotate().await.unwrap());
            // The other replica reads the table after at most this time.
            tokio::time::sleep(config().refresh_interval.get()).await;
        }
    };
    tokio::join!(writing, rotating);
    test.insert(&reads, 200).await;
    let used = test.opens(&reads, 201).await;
    assert_eq!(test.opens(&writes, 201).await, used);
    let versions: BTreeSet<_> = used.iter().collect();
    assert!(versions.len() > 1, "the writer used the new keys");
    assert_eq!(active_keys(&writer).await, 1);

    let report = rewrap(&test.database, &writes, &NOTES, |_| {})
        .await
        .unwrap();
    assert_eq!(report.seen, 201);
    let used = test.opens(&reads, 201).await;
    let active = rotator.status().await.unwrap().active_key_version.unwrap();
    assert!(used.iter().all(|key| key.as_str() == active), "{used:?}");
}

pub(crate) async fn concurrent_rotations_leave_one_active_key_sec_5(test: TestDatabase) {
    let config = config();
    let (one, other) = tokio::join!(test.keys(&config), test.keys(&config));
    assert_eq!(active_keys(&one).await, 1);
    let mut rotations = 1;
    for _ in 0..5 {
        let (first, second) = tokio::join!(one.rotate(), other.rotate());
        rotations += [first, second]
            .into_iter()
            .filter(|rotated| matches!(rotated, Ok(true)))
            .count();
        assert_eq!(active_keys(&one).await, 1);
    }
    let keys = one.status().await.unwrap().keys;
    assert_eq!(keys.len(), rotations);
    assert!(rotations > 5, "{rotations}");
}

pub(crate) async fn expired_key_is_rotated_by_one_replica_sec_5(test: TestDatabase) {
    let short = DataKeysConfig {
        rotate_interval: Duration::from_millis(1).try_into().unwrap(),
        ..config()
    };
    let first = test.keys(&short).await;
    let old = first.status().await.unwrap().active_key_version.unwrap();
    let long = test.keys(&config()).await;
    tokio::time::sleep(short.rotate_interval.get()).await;
    assert!(long.rotate_expired().await.unwrap());
    assert!(!long.rotate_expired().await.unwrap());
    let status = long.status().await.unwrap();
    assert_eq!(status.keys[0].version, old);
    assert_eq!(status.keys[0].status, DataKeyStatus::Expired);
    assert_ne!(status.active_key_version.unwrap(), old);
}

pub(crate) async fn values_of_both_ciphers_are_read_sec_5(test: TestDatabase) {
    let aes = test.keys(&config()).await;
    test.insert(&Sealer::new(aes), 0).await;
    let chacha = DataKeysConfig {
        algorithm: Algorithm::ChaCha20Poly1305,
        ..config()
    };
    let keys = test.keys(&chacha).await;
    keys.rotate().await.unwrap();
    let sealer = Sealer::new(keys.clone());
    test.insert(&sealer, 1).await;
    test.opens(&sealer, 2).await;
    let algorithms: Vec<_> = keys.status().await.unwrap().keys;
    assert_eq!(algorithms[0].algorithm, "AES-256-GCM");
    assert_eq!(algorithms[1].algorithm, "ChaCha20-Poly1305");
    let report = rewrap(&test.database, &sealer, &NOTES, |_| {})
        .await
        .unwrap();
    assert_eq!((report.seen, report.changed), (2, 1));
    test.opens(&sealer, 2).await;
    let sealed = sealer.seal(&7, &place(2)).await.unwrap();
    let again = sealer.rewrap(sealed.envelope()).await.unwrap();
    assert_eq!(again, Rewrapped::Current);
}
