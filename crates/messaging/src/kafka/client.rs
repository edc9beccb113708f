use percent_encoding::percent_decode_str;
use rdkafka::{
    ClientConfig,
    client::ClientContext,
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
};

use super::config::KafkaSasl;
use crate::{MessagingConfig, transport::TransportError};

/// Room for attributes, headers and what a dead letter says beside `max_message_size`.
const ENVELOPE_ROOM: usize = 128 * 1024;
/// Whoever publishes waits for the confirmation, so little is ever in the queue.
const PUBLISHING_QUEUE_KIBIBYTES: &str = "65536";
/// What each subscription has fetched beyond what it has in hand: some seconds' work, and bounded.
const FETCHED_KIBIBYTES: &str = "16384";
/// A broker that restarts is back within seconds, and a knock in a second hurts nobody.
const RECONNECT_CAP_MILLISECONDS: &str = "1000";
/// A member that gives up a partition late says so itself before the cluster loses its patience.
const HANDOVER_ROOM_MILLISECONDS: u128 = 5_000;
/// A member tells ten times in a lease that it is there, and learns as often that others have come or gone.
const TOLD_PER_LEASE: u128 = 10;
/// More often would be a load, and is sooner than anybody needs.
const TOLD_AT_MOST_EVERY_MILLISECONDS: u128 = 3_000;

/// How each kind of client is made. The credentials are in it, so nothing shows it.
#[derive(Clone)]
pub(super) struct Clients {
    base: ClientConfig,
    publish_timeout: String,
    max_message: String,
    lease: String,
    heartbeat: String,
    handover: String,
}

impl Clients {
    /// Reads the settings.
    ///
    /// # Errors
    /// They ask for what is not built in, or for what cannot be.
    pub(super) fn new(config: &MessagingConfig, name: &str) -> Result<Self, TransportError> {
        let refused = |why: &'static str| TransportError::refused(why);
        let password = config.password.as_ref().map(|secret| secret.expose());
        let url = config.url.with_credentials(None);
        let url = url.ok_or_else(|| refused("the URL cannot be used"))?;
        let address = config.url.address();
        let mut servers = vec![address.ok_or_else(|| refused("the URL has no host"))?];
        servers.extend(config.kafka.servers.iter().cloned());
        if servers.iter().any(|server| server.contains(',')) {
            return Err(refused("each of kafka.servers is one host:port"));
        }
        let is_encrypted = url.scheme() == "kafkas";
        let needs_tls =
            is_encrypted || (!url.username().is_empty() && config.kafka.sasl != KafkaSasl::Plain);
        if needs_tls && !cfg!(feature = "kafka-tls") {
            return Err(refused(
                "kafkas:// and SCRAM are not built in: the cargo feature kafka-tls adds them",
            ));
        }
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", servers.join(","))
            .set("client.id", name.replace('/', "-"))
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.max.ms", RECONNECT_CAP_MILLISECONDS)
            // What this process does is told by its own metrics, and to nobody else.
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
        if has_user {
            let user = decoded(url.username())?;
            let password = match (url.password(), password) {
                (Some(password), _) => decoded(password)?,
                (None, Some(password)) => password.clone(),
                (None, None) => return Err(refused("the URL has a user and no password")),
            };
            base.set("sasl.mechanism", mechanism(config.kafka.sasl))
                .set("sasl.username", user)
                .set("sasl.password", password);
        }
        if let Some(file) = &config.kafka.certificate_authorities
            && is_encrypted
        {
            base.set("ssl.ca.location", file.to_string_lossy());
        }
        let lease = config.kafka.lease.get().as_millis();
        let heartbeat = (lease / TOLD_PER_LEASE).clamp(1, TOLD_AT_MOST_EVERY_MILLISECONDS);
        // The cluster may not wait less long for a member than it believes in it.
        let handover =
            config.kafka.handover.get().as_millis().max(lease) + HANDOVER_ROOM_MILLISECONDS;
        let max_message = config
            .max_message_size
            .as_usize()
            .saturating_add(ENVELOPE_ROOM);
        Ok(Self {
            base,
            publish_timeout: config.publish_timeout.get().as_millis().to_string(),
            max_message: max_message.to_string(),
            lease: lease.to_string(),
            heartbeat: heartbeat.to_string(),
            handover: handover.to_string(),
        })
    }

    /// The largest message, as new topics have it.
    pub(super) fn max_message(&self) -> &str {
        &self.max_message
    }

    /// For questions.
    pub(super) fn asking(&self) -> ClientConfig {
        let mut config = self.base.clone();
        config.set("allow.auto.create.topics", "false");
        config
    }

    /// For publishing: each message is stored once and in its order, by all brokers that have to have it.
    pub(super) fn publishing(&self) -> ClientConfig {
        let mut config = self.base.clone();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            // The same as other clients of Kafka have: a key is in one partition, whoever publishes.
            .set("partitioner", "murmur2_random")
            .set("message.timeout.ms", &self.publish_timeout)
            .set("message.max.bytes", &self.max_message)
            .set("queue.buffering.max.kbytes", PUBLISHING_QUEUE_KIBIBYTES);
        config
    }

    /// For the messages of dead-letter topics.
    pub(super) fn reading(&self) -> ClientConfig {
        let mut config = self.asking();
        config
            // The client wants one, also where it never joins it and commits nothing.
            .set("group.id", "seaworthy-reader")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true");
        config
    }

    /// For a member of a group.
    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.asking();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Only asked for where what was committed is not there any more: what is left comes.
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

fn mechanism(sasl: KafkaSasl) -> &'static str {
    match sasl {
        KafkaSasl::Plain => "PLAIN",
        KafkaSasl::ScramSha256 => "SCRAM-SHA-256",
        KafkaSasl::ScramSha512 => "SCRAM-SHA-512",
    }
}

fn decoded(text: &str) -> Result<String, TransportError> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| TransportError::refused("the URL's user is no text"))?;
    Ok(decoded.into_owned())
}

/// What the client says by itself goes to the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka");
    }
}

impl ConsumerContext for Quiet {}

pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => tracing::warn!(facility, problem = message, "Kafka"),
        _ => tracing::debug!(facility, problem = message, "Kafka"),
    }
}

/// What an error of the client means for whoever asked.
pub(super) fn failed(error: KafkaError) -> TransportError {
    match error.rdkafka_error_code() {
        Some(code) if is_refusal(code) => TransportError::refused(error),
        _ => TransportError::unavailable(error),
    }
}

/// Whether the same will be refused again.
pub(super) fn is_refusal(code: RDKafkaErrorCode) -> bool {
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
