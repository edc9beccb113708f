use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout, context};
use serde::{Deserialize, Serialize};

use crate::DatabaseUrl;

/// The default file of an embedded database, in a folder that version control ignores.
const DEFAULT_FILE: &str = "data/service.db";
/// The default of `max_connections`: two per core of a small server. Ten replicas stay within the
/// default limit of servers (100 and 151).
const DEFAULT_MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The default of `min_connections`: two connections are open before the first request.
const DEFAULT_MIN_CONNECTIONS: u32 = 2;
/// The default of `acquire_timeout`. A request that waits longer rarely finishes in time.
const DEFAULT_ACQUIRE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// The default of `idle_timeout`, below the idle limits of common firewalls and proxies.
const DEFAULT_IDLE_TIMEOUT: Timeout = Timeout::from_secs(5 * 60);
/// The default of `max_lifetime`: replicas move to a new server, and servers release memory.
const DEFAULT_MAX_LIFETIME: Timeout = Timeout::from_secs(30 * 60);
/// The default of `validate_after_idle`: busy services need no round trip for a validation.
const DEFAULT_VALIDATE_AFTER_IDLE: Timeout = Timeout::from_secs(1);
/// The default of `connect_timeout`. A server that accepts a connection later does not serve.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(3);
/// The default of `statement_timeout`. Longer statements do not belong in a request.
const DEFAULT_STATEMENT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `lock_timeout`, below that of a statement, so that the error names the lock.
const DEFAULT_LOCK_TIMEOUT: Timeout = Timeout::from_secs(3);
/// The default of `transaction_timeout`. A transaction holds locks that others wait for.
const DEFAULT_TRANSACTION_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `max_transaction_retries`. More failures are a bug or an overloaded database.
const DEFAULT_MAX_TRANSACTION_RETRIES: u32 = 3;
/// The default of `max_rows`. More rows do not belong in the memory of a request.
const DEFAULT_MAX_ROWS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// The default of `slow_statement_threshold`: people notice it. A lookup by key takes 1 % of it.
const DEFAULT_SLOW_STATEMENT_THRESHOLD: Timeout = Timeout::from_millis(500);

/// The default of `weight`: each replica has the same share of reads.
const DEFAULT_WEIGHT: NonZeroU32 = NonZeroU32::MIN;

/// A database and its limits.
///
/// ```
/// use seaworthy_data::DatabaseConfig;
///
/// let mut config = DatabaseConfig::from_url("postgres://orders@db.internal/orders".parse()?);
/// config.max_rows = 1_000.try_into()?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The URL of the database, which selects the engine. A missing SQLite file and its folder are
    /// created.
    pub url: DatabaseUrl,
    /// The password, if the URL has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// The read replicas for reads outside of transactions, at most 16. The primary serves them
    /// while all replicas are unavailable.
    pub replicas: Vec<ReplicaConfig>,
    /// Whether the URL is that of a connection pooler in transaction mode, such as PgBouncer. Needs
    /// PostgreSQL.
    pub transaction_pooling: bool,
    /// The connection pool.
    pub pool: PoolConfig,
    /// The timeout for opening a connection.
    pub connect_timeout: Timeout,
    /// The timeout of one statement. The deadline of the request shortens it.
    pub statement_timeout: Timeout,
    /// The timeout of one statement of a client's request, if it is shorter than
    /// `statement_timeout`. Workers and consumers of messages keep `statement_timeout`.
    pub request_statement_timeout: Option<Timeout>,
    /// How long a statement waits for a lock.
    pub lock_timeout: Timeout,
    /// How long a transaction may be open.
    pub transaction_timeout: Timeout,
    /// How often a transaction runs again after a serialization failure or a deadlock.
    pub max_transaction_retries: u32,
    /// The number of rows that a statement may return. More rows are an error.
    pub max_rows: NonZeroU32,
    /// A statement that takes longer is logged.
    pub slow_statement_threshold: Timeout,
    /// Applies missing migrations at start, for development. In production, migrate in a step of
    /// the deployment.
    #[schemars(extend("x-unsafe" = [{
        "id": "DATA-2",
        "value": true,
        "why": "each start may change tables, and a failed migration stops all replicas",
        "fix": "set it to false, and run `migrate up` as a step of the deployment"
    }]))]
    pub migrate_at_start: bool,
}

/// A read replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplicaConfig {
    /// The URL of the replica, on the engine of the primary. The password is that of the primary.
    pub url: DatabaseUrl,
    /// The share of reads, relative to the weights of the other replicas.
    pub weight: NonZeroU32,
}

impl ReplicaConfig {
    /// Returns a replica with this URL and the weight 1.
    #[must_use]
    pub const fn from_url(url: DatabaseUrl) -> Self {
        Self {
            url,
            weight: DEFAULT_WEIGHT,
        }
    }
}

impl Default for ReplicaConfig {
    fn default() -> Self {
        Self::from_url(DatabaseUrl::from_path(DEFAULT_FILE))
    }
}

/// The connections to a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// The number of connections that may be open.
    pub max_connections: NonZeroU32,
    /// The number of connections that the pool opens before the service is ready, and keeps open.
    pub min_connections: u32,
    /// How long a statement waits for a free connection.
    pub acquire_timeout: Timeout,
    /// A connection that was idle for this long is closed.
    pub idle_timeout: Timeout,
    /// A connection that is older is closed when it returns to the pool.
    pub max_lifetime: Timeout,
    /// A connection that was idle for this long is validated before use.
    pub validate_after_idle: Timeout,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            min_connections: DEFAULT_MIN_CONNECTIONS,
            acquire_timeout: DEFAULT_ACQUIRE_TIMEOUT,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            max_lifetime: DEFAULT_MAX_LIFETIME,
            validate_after_idle: DEFAULT_VALIDATE_AFTER_IDLE,
        }
    }
}

impl DatabaseConfig {
    /// Returns the defaults for the database at this URL.
    #[must_use]
    pub fn from_url(url: DatabaseUrl) -> Self {
        Self {
            url,
            password: None,
            replicas: Vec::new(),
            transaction_pooling: false,
            pool: PoolConfig::default(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            statement_timeout: DEFAULT_STATEMENT_TIMEOUT,
            request_statement_timeout: None,
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            transaction_timeout: DEFAULT_TRANSACTION_TIMEOUT,
            max_transaction_retries: DEFAULT_MAX_TRANSACTION_RETRIES,
            max_rows: DEFAULT_MAX_ROWS,
            slow_statement_threshold: DEFAULT_SLOW_STATEMENT_THRESHOLD,
            migrate_at_start: false,
        }
    }

    /// Returns the timeout of a statement of the running request or other work.
    pub(crate) fn current_statement_timeout(&self) -> Duration {
        let timeout = self.statement_timeout.get();
        let Some(of_request) = self.request_statement_timeout else {
            return timeout;
        };
        // Only requests of clients have an address.
        let is_request = context::with_current(|context| {
            context.is_some_and(|context| context.client_address().is_some())
        });
        match is_request {
            true => timeout.min(of_request.get()),
            false => timeout,
        }
    }

    /// Returns the defaults for an SQLite database in this file.
    #[must_use]
    pub fn embedded(file: &str) -> Self {
        Self::from_url(DatabaseUrl::from_path(file))
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self::embedded(DEFAULT_FILE)
    }
}
