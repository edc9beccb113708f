use serde::{Deserialize, Serialize};

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// The name.
    pub name: String,
    /// The schedule as text.
    pub schedule: String,
    /// The longest time between two runs, in seconds. A worker that waits for work has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_gap_seconds: Option<u64>,
}

/// A consumer group and its topics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The consumer group.
    pub group: String,
    /// The topics.
    pub topics: Vec<String>,
}

/// The migrations of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrations {
    /// The name of the database.
    pub database: String,
    /// The migrations in their order, such as `outbox/1`.
    pub migrations: Vec<String>,
}
