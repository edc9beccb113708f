use std::{
    num::{NonZeroU8, NonZeroU16},
    path::PathBuf,
};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// As long as a handler may take by default.
const DEFAULT_LEASE: Timeout = Timeout::from_secs(30);
/// Twice as long as a handler may take by default: one that has just begun ends, and one that waits for its second attempt mostly does.
const DEFAULT_HANDOVER: Timeout = Timeout::from_secs(60);
/// A cluster that is choosing a leader may take a while; publishing asks again within its own time.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// More members than a group mostly has, and divisible by two and by three; a partition costs the cluster little.
const DEFAULT_PARTITIONS: NonZeroU16 = NonZeroU16::new(6).unwrap();
/// What a crash repeats, of what was acknowledged; ten commits in a second are little for a cluster.
const DEFAULT_COMMIT_INTERVAL: Timeout = Timeout::from_millis(100);

/// How Kafka is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// What the names of all topics and groups begin with: letters, digits, `.`, `-` and `_`.
    pub prefix: String,
    /// Further brokers, as `host:port`, that are asked where the cluster is when that of the URL does not answer.
    pub servers: Vec<String>,
    /// How long a partition belongs to a process that says nothing more; a cluster takes 6 s to 30 min as it comes.
    pub lease: Timeout,
    /// How long a member that has to give up a partition finishes what it has of it in hand. What takes longer is delivered to the next member beside it.
    pub handover: Timeout,
    /// How long an answer about topics and groups may take.
    pub timeout: Timeout,
    /// How often what was acknowledged is told to the cluster.
    pub commit_interval: Timeout,
    /// Into how many partitions a new topic is divided: so many members of a group work at once. Topics that are there already stay as they are.
    pub partitions: NonZeroU16,
    /// How many brokers keep a new topic; without it as many as the cluster has by default.
    pub replicas: Option<NonZeroU8>,
    /// How many of them have to have a message before it is confirmed; without it one less than `replicas`, and what the cluster has by default where there is neither.
    pub min_insync_replicas: Option<NonZeroU8>,
    /// How the user of the URL proves who it is.
    pub sasl: KafkaSasl,
    /// A file with the certificates (PEM) of authorities that are trusted instead of those of the system, for `kafkas://`.
    pub certificate_authorities: Option<PathBuf>,
}

/// How a user proves who it is (SASL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KafkaSasl {
    /// By its password, which whoever reads along can read without TLS.
    #[default]
    Plain,
    /// By SCRAM with SHA-256; it needs the feature `kafka-tls`.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// By SCRAM with SHA-512; it needs the feature `kafka-tls`.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            servers: Vec::new(),
            lease: DEFAULT_LEASE,
            handover: DEFAULT_HANDOVER,
            timeout: DEFAULT_TIMEOUT,
            commit_interval: DEFAULT_COMMIT_INTERVAL,
            partitions: DEFAULT_PARTITIONS,
            replicas: None,
            min_insync_replicas: None,
            sasl: KafkaSasl::default(),
            certificate_authorities: None,
        }
    }
}
