//! A root key that fails for some calls, such as one in Vault.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use seaworthy_core::{Secret, Timeout};
use seaworthy_crypto::{
    CryptoError, DataKey, DataKeys, DataKeysConfig, KeyId, Keyring, Root, Sealer, WrapFuture,
    WrapKeys, WrappedKey,
};

use super::test_database::{TestDatabase, config, place};

/// A root key that decrypts nothing while it is closed.
#[derive(Clone)]
struct Closable {
    keys: Keyring,
    is_closed: Arc<AtomicBool>,
}

impl Closable {
    fn new() -> Self {
        let name = KeyId::new("root").unwrap();
        Self {
            keys: Keyring::new(name, &Secret::new([7; 32])).unwrap(),
            is_closed: Arc::default(),
        }
    }

    fn set_closed(&self, is_closed: bool) {
        self.is_closed.store(is_closed, Ordering::SeqCst);
    }
}

impl WrapKeys for Closable {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey> {
        self.keys.wrap(key)
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey> {
        if self.is_closed.load(Ordering::SeqCst) {
            return Box::pin(async { Err(CryptoError::Rejected("closed")) });
        }
        self.keys.unwrap(wrapped)
    }

    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>> {
        self.keys.rewrap(wrapped)
    }
}

pub(crate) async fn failed_root_call_stops_no_replica_sec_5(test: TestDatabase) {
    let patient = DataKeysConfig {
        delete_after: Timeout::from_secs(3_600),
        ..config()
    };
    let root = Closable::new();
    let open = |root: Root| DataKeys::open(&test.database, root, &patient);
    let writer = open(Root::new(Closable::new())).await.unwrap();
    let replica = Sealer::new(open(Root::new(root.clone())).await.unwrap());
    test.insert(&replica, 0).await;
    // Another replica rotates, and this one cannot decrypt the new key yet.
    writer.rotate().await.unwrap();
    test.insert(&Sealer::new(writer), 1).await;
    tokio::time::sleep(patient.refresh_interval.get()).await;
    root.set_closed(true);
    test.insert(&replica, 2).await;
    let new = test.sealed(1).await;
    assert!(replica.open(&new, &place(1)).await.is_err());

    root.set_closed(false);
    test.opens(&replica, 3).await;
    test.insert(&replica, 3).await;
    let names = test.opens(&replica, 4).await;
    assert_eq!(names[0], names[2], "the former key encrypts meanwhile");
    assert_eq!(names[1], names[3], "the new key encrypts at last");
}

pub(crate) async fn reading_process_finds_key_that_was_missing_sec_5(test: TestDatabase) {
    let keys = test.keys(&config()).await;
    test.insert(&Sealer::new(keys.clone()), 0).await;
    keys.rotate().await.unwrap();
    let value = test.sealed(0).await;
    let version = value.envelope().key_id();
    test.set_status(version, "revoked").await;
    let reader = Sealer::new(test.keys(&config()).await);
    assert!(reader.open(&value, &place(0)).await.is_err());
    // The process only decrypts, so nothing else makes it read the table again.
    test.set_status(version, "inactive").await;
    tokio::time::sleep(config().refresh_interval.get()).await;
    reader.open(&value, &place(0)).await.unwrap();
}
