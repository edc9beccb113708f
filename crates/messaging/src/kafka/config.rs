use std::{
    num::{NonZeroU8, NonZeroU16},
    path::PathBuf,
};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `session_timeout`, that of a handler.
const DEFAULT_SESSION_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default of `handover_timeout`, twice that of a handler: enough for a handler that has just
/// started, and mostly for a second attempt.
const DEFAULT_HANDOVER_TIMEOUT: Timeout = Timeout::from_secs(60);
/// The default of `timeout`. A cluster that elects a leader may be slow. Publishers retry longer.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `partitions`: more than most groups have members, and divisible by two and three.
/// A partition costs the cluster little.
const DEFAULT_PARTITIONS: NonZeroU16 = NonZeroU16::new(6).unwrap();
/// The default of `commit_interval`. A crash repeats the acknowledged messages of this time.
const DEFAULT_COMMIT_INTERVAL: Timeout = Timeout::from_millis(100);

/// Settings of Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// The prefix of all topics and groups: letters, digits, `.`, `-` and `_`.
    pub prefix: String,
    /// Further bootstrap servers, as `host:port`.
    pub servers: Vec<String>,
    /// How long a member may be silent before the cluster reassigns its partitions. By default a
    /// cluster accepts 6 s to 30 min.
    pub session_timeout: Timeout,
    /// How long a member may finish the messages of a partition that it releases. The next member
    /// also receives messages that take longer.
    pub handover_timeout: Timeout,
    /// The time limit of a request about topics and groups.
    pub timeout: Timeout,
    /// How often acknowledged messages are committed.
    pub commit_interval: Timeout,
    /// The number of partitions of a new topic, which limits the active members of a group.
    /// Existing topics keep theirs.
    pub partitions: NonZeroU16,
    /// The number of replicas of a new topic. The default is that of the cluster.
    pub replicas: Option<NonZeroU8>,
    /// The number of replicas that must store a message before it is confirmed. The default is one
    /// less than `replicas`, or that of the cluster without `replicas`.
    pub min_insync_replicas: Option<NonZeroU8>,
    /// The SASL mechanism of the user.
    pub sasl: KafkaSasl,
    /// A file with the certificates (PEM) of trusted authorities for `kafkas://`, instead of those
    /// of the system.
    pub ca_file: Option<PathBuf>,
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KafkaSasl {
    /// The password in plain text. Use it with TLS only.
    #[default]
    Plain,
    /// SCRAM with SHA-256. Needs the feature `kafka-tls`.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// SCRAM with SHA-512. Needs the feature `kafka-tls`.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            servers: Vec::new(),
            session_timeout: DEFAULT_SESSION_TIMEOUT,
            handover_timeout: DEFAULT_HANDOVER_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            commit_interval: DEFAULT_COMMIT_INTERVAL,
            partitions: DEFAULT_PARTITIONS,
            replicas: None,
            min_insync_replicas: None,
            sasl: KafkaSasl::default(),
            ca_file: None,
        }
    }
}
