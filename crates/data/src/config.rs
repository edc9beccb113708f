use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::DatabaseUrl;

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/service.db";
/// Two per core of a small server, and far below what servers allow in all (100 and 151), so that ten replicas fit.
const DEFAULT_MAXIMUM: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Two are warm before the first request; more open when they are needed.
const DEFAULT_MINIMUM: u32 = 2;
/// Who waits longer than this for a place will hardly finish in time.
const DEFAULT_ACQUIRE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// Below the idle limits of common firewalls and proxies.
const DEFAULT_IDLE_TIMEOUT: Timeout = Timeout::from_secs(5 * 60);
/// Lets a fleet move over to a new server, and servers give memory back.
const DEFAULT_LIFETIME: Timeout = Timeout::from_secs(30 * 60);
/// A connection that was used within this time is taken as alive: busy services pay no round trip for the question.
const DEFAULT_CHECK_AFTER: Timeout = Timeout::from_secs(1);
/// A server that takes longer to say hello is not serving.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(3);
/// Longer statements do not belong into a request.
const DEFAULT_STATEMENT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// Below the statement's, so that a lock that is held too long is told apart from work that takes too long.
const DEFAULT_LOCK_TIMEOUT: Timeout = Timeout::from_secs(3);
/// A transaction holds locks that others wait for.
const DEFAULT_TRANSACTION_TIMEOUT: Timeout = Timeout::from_secs(10);
/// A transaction that lost against others three times meets a fault or an overload.
const DEFAULT_TRANSACTION_RETRIES: u32 = 3;
/// More rows at once do not belong into the memory of a request: lists have pages.
const DEFAULT_MAXIMUM_ROWS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// What a person notices, and a hundred times what a lookup by key takes.
const DEFAULT_SLOW_STATEMENT: Timeout = Timeout::from_millis(500);

/// A database and how it is used.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Where it is; chooses the engine. A file of SQLite and its folder are made where they are missing.
    pub url: DatabaseUrl,
    /// The password, where the URL has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// A read replica: reads outside of transactions may go to it; while it is sick they go to the primary.
    pub replica_url: Option<DatabaseUrl>,
    /// The connections.
    pub pool: PoolConfig,
    /// How long opening a connection may take.
    pub connect_timeout: Timeout,
    /// How long one statement may take; the deadline of the request shortens it.
    pub statement_timeout: Timeout,
    /// How long a statement may wait for a lock that another holds.
    pub lock_timeout: Timeout,
    /// How long a transaction may be open.
    pub transaction_timeout: Timeout,
    /// How often a transaction that lost against another (serialization failure, deadlock) is run again.
    pub transaction_retries: u32,
    /// How many rows a statement may return; more are an error.
    pub maximum_rows: NonZeroU32,
    /// A statement that takes longer is logged.
    pub slow_statement: Timeout,
    /// Applies missing migrations at start, for development. In production they are a step of the deployment.
    #[schemars(extend("x-unsafe" = [{
        "id": "DATA-2",
        "value": true,
        "why": "every replica migrates when it starts, so a bad migration stops all of them",
        "fix": "set it to false and run `migrate up` as a step of the deployment"
    }]))]
    pub migrate_at_start: bool,
}

/// The connections to a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// How many are open at most.
    pub maximum: NonZeroU32,
    /// How many are opened before the service is ready, and kept.
    pub minimum: u32,
    /// How long to wait for a free one.
    pub acquire_timeout: Timeout,
    /// One that nobody used for this long is closed.
    pub idle_timeout: Timeout,
    /// One that is older is closed when it is given back.
    pub lifetime: Timeout,
    /// One that nobody used for this long is asked whether it is alive before it is used.
    pub check_after: Timeout,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            maximum: DEFAULT_MAXIMUM,
            minimum: DEFAULT_MINIMUM,
            acquire_timeout: DEFAULT_ACQUIRE_TIMEOUT,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            lifetime: DEFAULT_LIFETIME,
            check_after: DEFAULT_CHECK_AFTER,
        }
    }
}

impl DatabaseConfig {
    /// The defaults for a database of this URL.
    #[must_use]
    pub fn at(url: DatabaseUrl) -> Self {
        Self {
            url,
            password: None,
            replica_url: None,
            pool: PoolConfig::default(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            statement_timeout: DEFAULT_STATEMENT_TIMEOUT,
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            transaction_timeout: DEFAULT_TRANSACTION_TIMEOUT,
            transaction_retries: DEFAULT_TRANSACTION_RETRIES,
            maximum_rows: DEFAULT_MAXIMUM_ROWS,
            slow_statement: DEFAULT_SLOW_STATEMENT,
            migrate_at_start: false,
        }
    }

    /// The defaults for an SQLite database in this file: what a service begins with.
    #[must_use]
    pub fn embedded(file: &str) -> Self {
        Self::at(DatabaseUrl::of_file(file))
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self::embedded(DEFAULT_FILE)
    }
}
