//! Data keys with versions in a table, which a root key encrypts.

mod command;
mod config;
mod expiry;
mod holder;
mod maintenance;
mod purpose;
mod root;
mod table;
mod view;

use std::{fmt, num::NonZeroU32, sync::Arc};

use parking_lot::Mutex;
use seaworthy_config::Settings;
use seaworthy_core::Timeout;
use seaworthy_data::{Database, DatabaseLeases, chrono::Utc};
use seaworthy_service::{Assembly, Schedule, StartError, Worker, lease::LeaseConfig};
use tokio::sync::Mutex as AsyncMutex;

pub use self::{
    command::data_keys_command,
    config::{DataKeysConfig, Derivation, KeyLength, SeedConfig, VaultRootConfig},
    maintenance::{DataKeyReport, KeyReport, KeyStatistics, KeysStatus},
    root::Root,
    table::{DataKeyStatus, KEY_MIGRATIONS},
};
use self::{
    expiry::Expiry,
    table::{StoredKey, key_hash},
    view::View,
};
use crate::{CryptoError, DataKey, KeyId, WrapKeys};

/// The suffix of the name of the pool, in logs and metrics.
const SUFFIX: &str = "-keys";
/// Number of connections of the pool: one reads while the other rotates.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// How often the worker checks whether a data key must be rotated.
const ROTATION_CHECK: Timeout = Timeout::from_secs(60 * 60);
/// Maximum attempts to find or create the first key. Another replica may create it meanwhile.
const FIRST_KEY_ATTEMPTS: u32 = 3;

/// Data keys in the table `kms_data_keys`, which a [`Root`] encrypts. Cheap to clone.
///
/// A [`Sealer`](crate::Sealer) with this holder encrypts values with the active key. After a
/// [rotation](Self::rotate), earlier keys only decrypt. [`delete_unused`](Self::delete_unused)
/// deletes them after a proof that no value needs them.
///
/// `DataKeys` has its own connections, so a handler may encrypt within a transaction.
///
/// ```no_run
/// use seaworthy_crypto::{DataKeys, DataKeysConfig, Root, Sealer};
/// use seaworthy_data::Database;
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// async fn sealer(service: &Assembly<NoSettings>, database: &Database, config: &DataKeysConfig) -> Result<Sealer, StartError> {
///     let root = Root::from_settings(service, config)?;
///     Ok(Sealer::new(DataKeys::start(service, database, root, config).await?))
/// }
/// ```
#[derive(Clone)]
pub struct DataKeys(Arc<Inner>);

struct Inner {
    store: Database,
    root: Root,
    config: DataKeysConfig,
    view: Mutex<Arc<View>>,
    /// The lock of the task that reads the table.
    reading: AsyncMutex<()>,
    expiry: Expiry,
    former: Option<Arc<dyn WrapKeys>>,
}

impl DataKeys {
    /// Reads the data keys, and creates the first one. Registers the worker that rotates the active
    /// key after its interval, on one replica at a time.
    ///
    /// # Errors
    /// The root key does not decrypt a data key, the database is not available, or a setting is
    /// invalid.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        root: Root,
        config: &DataKeysConfig,
    ) -> Result<Self, StartError> {
        let expiry = Expiry::new(service.metrics());
        let keys = Self::open_with(database, root, config, expiry).await;
        let keys =
            keys.map_err(|error| StartError::with_cause("the data keys cannot be used", error))?;
        let leases = Arc::new(DatabaseLeases::new(database.clone()));
        let rotated = keys.clone();
        let worker = Worker::in_batches(
            "rotate data keys",
            Schedule::Interval(ROTATION_CHECK),
            move || {
                let keys = rotated.clone();
                async move {
                    keys.rotate_expired().await?;
                    // Without traffic, no other task updates the recorded expiry.
                    keys.read(false).await?;
                    keys.report().await?;
                    Ok(false)
                }
            },
        );
        service.worker(worker.singleton(leases, LeaseConfig::default()));
        Ok(keys)
    }

    /// Reads the data keys, and creates the first one.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn open(
        database: &Database,
        root: Root,
        config: &DataKeysConfig,
    ) -> Result<Self, CryptoError> {
        Self::open_with(database, root, config, Expiry::default()).await
    }

    async fn open_with(
        database: &Database,
        root: Root,
        config: &DataKeysConfig,
        expiry: Expiry,
    ) -> Result<Self, CryptoError> {
        if config.delete_after.get() < config.refresh_interval.get() * 2 {
            return Err(CryptoError::Key(
                "delete_after must be at least twice refresh_interval",
            ));
        }
        let keys = Self(Arc::new(Inner {
            store: database.with_own_pool(SUFFIX, CONNECTIONS),
            root,
            config: config.clone(),
            view: Mutex::default(),
            reading: AsyncMutex::default(),
            expiry,
            former: None,
        }));
        for _ in 0..FIRST_KEY_ATTEMPTS {
            // If the root key does not decrypt every stored key, it is wrong.
            let view = keys.read(true).await?;
            if view.active.is_some() {
                return Ok(keys);
            }
            keys.activate_new(None).await?;
        }
        Err(CryptoError::NoActiveKey)
    }

    /// Adds the holder of keys of values that were stored before the table existed. A rewrap moves
    /// the values to the active data key.
    #[must_use]
    pub fn with_previous_keys(self, previous: impl WrapKeys) -> Self {
        let Inner {
            store,
            root,
            config,
            view,
            expiry,
            ..
        } = &*self.0;
        Self(Arc::new(Inner {
            store: store.clone(),
            root: root.clone(),
            config: config.clone(),
            view: Mutex::new(view.lock().clone()),
            reading: AsyncMutex::default(),
            expiry: expiry.clone(),
            former: Some(Arc::new(previous)),
        }))
    }

    fn store(&self) -> &Database {
        &self.0.store
    }

    fn root(&self) -> &dyn WrapKeys {
        &*self.0.root.keys
    }

    /// Creates a key and activates it in place of `previous`. Returns `false` if another replica
    /// was faster.
    async fn activate_new(&self, previous: Option<&KeyId>) -> Result<bool, CryptoError> {
        let key = DataKey::generate()?;
        let now = Utc::now();
        let nanoseconds = now.timestamp_nanos_opt().ok_or(CryptoError::Malformed)?;
        let version = KeyId::new(&format!("v{nanoseconds}")).map_err(|_| CryptoError::Malformed)?;
        let algorithm = self.0.config.algorithm;
        let wrapped = self.root().wrap(&key).await?;
        let stored = StoredKey {
            key_hash: key_hash(&key, version.as_str(), algorithm.as_str()),
            metadata: table::Metadata::of_root(&wrapped.key_id),
            encrypted_key: wrapped.bytes.to_vec(),
            status: DataKeyStatus::Active,
            created_at: now,
            expires_at: table::after(now, self.0.config.rotate_interval.get()),
            version,
            algorithm,
        };
        let is_activated = table::activate(self.store(), &stored, previous).await?;
        if is_activated {
            tracing::info!(version = %stored.version, "a new data key is active");
        }
        Ok(is_activated)
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DataKeys")
            .field("active", &self.0.view.lock().active)
            .finish_non_exhaustive()
    }
}
