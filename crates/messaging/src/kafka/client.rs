use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rdkafka::{
    ClientConfig,
    client::ClientContext,
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
};
use seaworthy_core::Secret;
use tokio::sync::watch;

use super::config::KafkaSasl;
use crate::{MessagingConfig, transport::TransportError};

/// Room for attributes, headers and dead-letter attributes in addition to `max_message_size`, in
/// bytes.
const ENVELOPE_MARGIN: usize = 128 * 1024;
/// Maximum size of the publishing queue in KiB. Publishers wait for confirmations, so it is short.
const PUBLISHING_QUEUE_KIBIBYTES: &str = "65536";
/// Maximum prefetched data of each subscription in KiB: some seconds of work.
const FETCHED_KIBIBYTES: &str = "16384";
/// Maximum backoff of reconnects: at most one attempt per second. Brokers restart within seconds.
const MAX_BACKOFF_MILLISECONDS: &str = "1000";
/// The time after the handover timeout in which a member can report a late release.
const HANDOVER_MARGIN_MILLISECONDS: u128 = 5_000;
/// Number of heartbeats per lease. Their responses report rebalances.
const HEARTBEATS_PER_LEASE: u128 = 10;
/// Maximum interval of heartbeats. A longer one delays rebalances.
const MAX_HEARTBEAT_INTERVAL_MILLISECONDS: u128 = 3_000;

/// The configurations of the clients. They contain credentials, so the type has no `Debug`.
#[derive(Clone)]
pub(super) struct Clients {
    base: ClientConfig,
    /// The password of the settings. `None` without a user, or if the URL has the password.
    password: Option<Secret<String>>,
    /// The password of new clients. It is the newest one that the cluster has accepted. Clones
    /// share it.
    used: Arc<watch::Sender<Option<Password>>>,
    publish_timeout: String,
    max_message: String,
    lease: String,
    heartbeat: String,
    handover: String,
}

/// A password, and the number of its rotations.
#[derive(Clone)]
struct Password {
    version: u64,
    text: Secret<String>,
}

impl Password {
    fn newest(secret: &Secret<String>) -> Self {
        // With this order, a rotation in between is detected later.
        let version = secret.version();
        let text = secret.current();
        Self { version, text }
    }
}

impl Clients {
    /// Reads the settings.
    ///
    /// # Errors
    /// The settings are invalid, or need a cargo feature that is not enabled.
    pub(super) fn new(config: &MessagingConfig, name: &str) -> Result<Self, TransportError> {
        let rejected = |why: &'static str| TransportError::rejected(why);
        let url = config.url.with_credentials(None);
        let url = url.ok_or_else(|| rejected("the broker URL is invalid"))?;
        let address = config.url.address();
        let mut servers = vec![address.ok_or_else(|| rejected("the broker URL has no host"))?];
        servers.extend(config.kafka.servers.iter().cloned());
        if servers.iter().any(|server| server.contains(',')) {
            return Err(rejected(
                "broker.kafka.servers is invalid: use one host:port per entry",
            ));
        }
        let is_encrypted = url.scheme() == "kafkas";
        let needs_tls =
            is_encrypted || (!url.username().is_empty() && config.kafka.sasl != KafkaSasl::Plain);
        if needs_tls && !cfg!(feature = "kafka-tls") {
            return Err(rejected(
                "kafkas:// and SCRAM need the cargo feature kafka-tls",
            ));
        }
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", servers.join(","))
            .set("client.id", name.replace('/', "-"))
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.max.ms", MAX_BACKOFF_MILLISECONDS)
            // Metrics of the client stay in this process.
            .set("enable.metrics.push", "false")
            .set("log_level", "4")
            .set_log_level(RDKafkaLogLevel::Warning);
        let has_user = !url.username().is_empty();
        let protocol = match (is_encrypted, has_user) {
            (false, false) => "plaintext",
            (false, true) => "sasl_plaintext",
            (true, false) => "ssl",
            (true, true) => "sasl_ssl",
        };
        base.set("security.protocol", protocol);
        let mut password = None;
        if has_user {
            let user = decoded(url.username())?;
            match (url.password(), &config.password) {
                (Some(password), _) => {
                    base.set("sasl.password", decoded(password)?);
                }
                (None, Some(secret)) => password = Some(secret.clone()),
                (None, None) => {
                    return Err(rejected(
                        "the broker URL has a user and no password: set broker.password",
                    ));
                }
            }
            base.set("sasl.mechanism", mechanism(config.kafka.sasl))
                .set("sasl.username", user);
        }
        if let Some(file) = &config.kafka.ca_file
            && is_encrypted
        {
            base.set("ssl.ca.location", file.to_string_lossy());
        }
        let lease = config.kafka.session_timeout.get().as_millis();
        let heartbeat =
            (lease / HEARTBEATS_PER_LEASE).clamp(1, MAX_HEARTBEAT_INTERVAL_MILLISECONDS);
        // The poll interval must not be shorter than the session timeout.
        let handover = config.kafka.handover_timeout.get().as_millis().max(lease)
            + HANDOVER_MARGIN_MILLISECONDS;
        let max_message = config
            .max_message_size
            .as_usize()
            .saturating_add(ENVELOPE_MARGIN);
        let used = password.as_ref().map(Password::newest);
        Ok(Self {
            base,
            password,
            used: Arc::new(watch::Sender::new(used)),
            publish_timeout: config.publish_timeout.get().as_millis().to_string(),
            max_message: max_message.to_string(),
            lease: lease.to_string(),
            heartbeat: heartbeat.to_string(),
            handover: handover.to_string(),
        })
    }

    /// The password that new clients use (CONF-5).
    fn password(&self) -> Option<Secret<String>> {
        let used = self.used.borrow();
        used.as_ref().map(|used| used.text.clone())
    }

    /// Returns the number of rotations of the password that new clients use.
    pub(super) fn password_version(&self) -> u64 {
        version(self.used.borrow().as_ref())
    }

    /// Waits until new clients use another password than that of a version.
    pub(super) async fn password_changed(&self, known: u64) {
        // The sender is a field of `self`, so the wait cannot fail.
        let _ = self
            .used
            .subscribe()
            .wait_for(|used| version(used.as_ref()) != known)
            .await;
    }

    /// Returns the configurations with the newest password, if new clients use another one.
    pub(super) fn rotated(&self) -> Option<Self> {
        let newest = Password::newest(self.password.as_ref()?);
        let is_rotated = newest.version != self.password_version();
        is_rotated.then(|| Self {
            used: Arc::new(watch::Sender::new(Some(newest))),
            ..self.clone()
        })
    }

    /// Uses the password of other configurations, which the cluster has accepted.
    pub(super) fn accept(&self, rotated: &Self) {
        let password = rotated.used.borrow().clone();
        self.used.send_replace(password);
    }

    fn base(&self) -> ClientConfig {
        let mut config = self.base.clone();
        if let Some(password) = self.password() {
            config.set("sasl.password", password.expose());
        }
        config
    }

    /// The maximum message size of new topics, in bytes.
    pub(super) fn max_message(&self) -> &str {
        &self.max_message
    }

    /// The configuration for metadata requests.
    pub(super) fn metadata(&self) -> ClientConfig {
        let mut config = self.base();
        config.set("allow.auto.create.topics", "false");
        config
    }

    /// The configuration for publishing: each message is stored once and in order, by all in-sync
    /// replicas.
    pub(super) fn publishing(&self) -> ClientConfig {
        let mut config = self.base();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            // The partitioner of other Kafka clients, so that a key has one partition for all
            // publishers.
            .set("partitioner", "murmur2_random")
            .set("message.timeout.ms", &self.publish_timeout)
            .set("message.max.bytes", &self.max_message)
            .set("queue.buffering.max.kbytes", PUBLISHING_QUEUE_KIBIBYTES);
        config
    }

    /// The configuration for reading dead-letter topics.
    pub(super) fn reading(&self) -> ClientConfig {
        let mut config = self.metadata();
        config
            // The client requires a group, which it never joins.
            .set("group.id", "seaworthy-reader")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true");
        config
    }

    /// The configuration for a member of a group.
    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.metadata();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Applies only if the committed offset was deleted: the member reads the remaining
            // messages.
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", &self.lease)
            .set("heartbeat.interval.ms", &self.heartbeat)
            .set("max.poll.interval.ms", &self.handover)
            .set("fetch.wait.max.ms", "500")
            .set("queued.max.messages.kbytes", FETCHED_KIBIBYTES);
        config
    }
}

fn version(password: Option<&Password>) -> u64 {
    password.map_or(0, |password| password.version)
}

fn mechanism(sasl: KafkaSasl) -> &'static str {
    match sasl {
        KafkaSasl::Plain => "PLAIN",
        KafkaSasl::ScramSha256 => "SCRAM-SHA-256",
        KafkaSasl::ScramSha512 => "SCRAM-SHA-512",
    }
}

fn decoded(text: &str) -> Result<String, TransportError> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded =
        decoded.map_err(|_| TransportError::rejected("the user of the broker URL is not UTF-8"))?;
    Ok(decoded.into_owned())
}

/// Logs the messages of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogContext;

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "error of a Kafka client");
    }
}

impl ConsumerContext for LogContext {}

pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::warn!(facility, text = message, "message of a Kafka client")
        }
        _ => tracing::debug!(facility, text = message, "message of a Kafka client"),
    }
}

/// Converts an error of the client.
pub(super) fn transport_error(error: KafkaError) -> TransportError {
    match error.rdkafka_error_code() {
        Some(code) if is_rejection(code) => TransportError::rejected(error),
        _ => TransportError::unavailable(error),
    }
}

/// Whether the error is permanent.
pub(super) fn is_rejection(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::SecurityDisabled
            | Code::InvalidTopic
            | Code::InvalidSessionTimeout
            | Code::InvalidReplicationFactor
            | Code::InvalidPartitions
            | Code::InvalidConfig
            | Code::PolicyViolation
            | Code::InvalidGroupId
            | Code::InconsistentGroupProtocol
            | Code::UnsupportedVersion
            | Code::InvalidArgument
    )
}
