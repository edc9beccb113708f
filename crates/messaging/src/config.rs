use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
};

use schemars::JsonSchema;
use seaworthy_core::{Backoff, ByteSize, Secret, Timeout};
use seaworthy_resilience::{
    Threshold,
    circuit_breaker::{BreakerMode, CircuitBreakerConfig},
};
use serde::{Deserialize, Serialize};

use crate::{BrokerUrl, GroupName};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/broker.db";
/// Below the smallest limit of the engines as they come (1 MB on NATS and Kafka), attributes included.
const DEFAULT_MAX_MESSAGE_SIZE: ByteSize = ByteSize::kibibytes(896);
/// A broker that has not confirmed after this long has most likely lost the message; what is published in a request has to end within it.
const DEFAULT_PUBLISH_TIMEOUT: Timeout = Timeout::from_secs(5);
/// What handlers wait for is mostly elsewhere, so more of them run at once than there are cores.
const DEFAULT_CONCURRENCY: NonZeroU16 = NonZeroU16::new(16).unwrap();
/// Twice as many as are handled at once: the next is there when one is done, and a crash makes few come twice.
const DEFAULT_PREFETCH: NonZeroU16 = NonZeroU16::new(32).unwrap();
/// A handler that takes longer waits for something that does not come. As long as a stop may take in all.
const DEFAULT_HANDLER_TIMEOUT: Timeout = Timeout::from_secs(30);
/// MSG-3.
const DEFAULT_MAX_RETRIES: u32 = 3;
/// Long enough for a deadlock or a restart of a connection to be over.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(200);
/// With three retries it is not reached; more of them should not hold a message much longer.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(30);
/// A message that was delivered this often without an answer kills its consumers.
const DEFAULT_MAX_DELIVERIES: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// A run of failures of different messages is no longer the messages' fault.
const DEFAULT_BREAKER_RUN: u32 = 10;
/// Rates are judged over a minute, because messages may be rare.
const DEFAULT_BREAKER_WINDOW: Timeout = Timeout::from_secs(60);
/// Below twenty attempts a rate may be chance.
const DEFAULT_BREAKER_MINIMUM: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// One attempt in this time finds out whether it is over: a flood of dead letters becomes a trickle.
const DEFAULT_BREAKER_PROBE: Timeout = Timeout::from_secs(5);
/// How long an open breaker stays so where nothing comes that could try.
const DEFAULT_BREAKER_OPEN: Timeout = Timeout::from_secs(30);
/// Longer than any handler may take: being slow is no failure here.
const BREAKER_SLOW_CALL: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);
/// Cheap for the broker, and quick enough for an alert.
const DEFAULT_LAG_INTERVAL: Timeout = Timeout::from_secs(10);
/// As long as a handler may take by default, and as outboxes lease rows for.
const DEFAULT_CLAIM_TTL: Timeout = Timeout::from_secs(30);
/// Messages of other processes are noticed after this long; those of this one at once.
const DEFAULT_POLL_INTERVAL: Timeout = Timeout::from_millis(100);
/// A hundred thousand small messages take about 100 MB: a consumer that is gone is noticed before the process is.
const DEFAULT_MAX_BACKLOG: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

/// A broker and how it is used.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingConfig {
    /// Where it is; chooses the engine.
    pub url: BrokerUrl,
    /// The password, where the URL has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// Whether messages are sent and taken at all. A service without is explicit about it: publishing does nothing, and nothing is handled.
    pub enabled: bool,
    /// Whether the service is ready only while the broker answers. One whose events wait in an outbox serves without, and its readiness is degraded.
    pub critical: bool,
    /// The largest message, headers included.
    pub max_message_size: ByteSize,
    /// How long publishing may take, with further attempts while the broker cannot be reached; the deadline of the request shortens it.
    pub publish_timeout: Timeout,
    /// What every subscription has that does not say otherwise.
    pub defaults: SubscriptionConfig,
    /// Subscriptions by the names of their groups. What is set here counts more than what the service's code says.
    pub subscriptions: BTreeMap<String, SubscriptionOverrides>,
    /// How often the lag of each subscription is asked for.
    pub lag_interval: Timeout,
    /// The broker inside the process or in a file.
    pub embedded: EmbeddedConfig,
    /// Kafka.
    #[cfg(feature = "kafka")]
    pub kafka: crate::kafka::KafkaConfig,
    /// NATS JetStream.
    #[cfg(feature = "nats")]
    pub nats: crate::nats::NatsConfig,
    /// RabbitMQ.
    #[cfg(feature = "rabbitmq")]
    pub rabbitmq: crate::rabbitmq::RabbitmqConfig,
    /// Redis Streams.
    #[cfg(feature = "redis")]
    pub redis: crate::redis::RedisStreamsConfig,
}

/// How a subscription takes messages (MSG-7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionConfig {
    /// How many messages are handled at once.
    pub concurrency: NonZeroU16,
    /// How many messages are in the hands of this service at most, those that wait for another attempt included.
    pub prefetch: NonZeroU16,
    /// How long one attempt may take.
    pub handler_timeout: Timeout,
    /// How often a message is tried again before it is dead.
    pub max_retries: u32,
    /// The bound of the first pause between two attempts.
    pub initial_backoff: Timeout,
    /// The bound of the longest pause.
    pub max_backoff: Timeout,
    /// A message that the broker has delivered more often than this is dead: whoever took it ended before the answer.
    pub max_deliveries: NonZeroU32,
    /// When taking messages pauses because handling them fails.
    pub breaker: CircuitBreakerConfig,
    /// Above this many messages that wait, the service tells that it is not healthy (HLTH-4). Without it lag is only measured.
    pub max_lag: Option<u64>,
}

/// What differs from the defaults for one subscription.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionOverrides {
    /// How many messages are handled at once.
    pub concurrency: Option<NonZeroU16>,
    /// How many messages are in the hands of this service at most.
    pub prefetch: Option<NonZeroU16>,
    /// How long one attempt may take.
    pub handler_timeout: Option<Timeout>,
    /// How often a message is tried again before it is dead.
    pub max_retries: Option<u32>,
    /// The bound of the first pause between two attempts.
    pub initial_backoff: Option<Timeout>,
    /// The bound of the longest pause.
    pub max_backoff: Option<Timeout>,
    /// A message that the broker has delivered more often than this is dead.
    pub max_deliveries: Option<NonZeroU32>,
    /// When taking messages pauses because handling them fails.
    pub breaker: Option<CircuitBreakerConfig>,
    /// Above this many messages that wait, the service tells that it is not healthy.
    pub max_lag: Option<u64>,
}

/// The broker inside the process or in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddedConfig {
    /// How long a message belongs to a process that says nothing more of it.
    pub claim_ttl: Timeout,
    /// How often a file is looked at for messages of other processes.
    pub poll_interval: Timeout,
    /// How many messages may wait for one group; publishing more is refused.
    pub max_backlog: NonZeroU32,
}

impl MessagingConfig {
    /// The defaults for a broker of this URL.
    #[must_use]
    pub fn new(url: BrokerUrl) -> Self {
        Self {
            url,
            password: None,
            enabled: true,
            critical: true,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            publish_timeout: DEFAULT_PUBLISH_TIMEOUT,
            defaults: SubscriptionConfig::default(),
            subscriptions: BTreeMap::new(),
            lag_interval: DEFAULT_LAG_INTERVAL,
            embedded: EmbeddedConfig::default(),
            #[cfg(feature = "kafka")]
            kafka: crate::kafka::KafkaConfig::default(),
            #[cfg(feature = "nats")]
            nats: crate::nats::NatsConfig::default(),
            #[cfg(feature = "rabbitmq")]
            rabbitmq: crate::rabbitmq::RabbitmqConfig::default(),
            #[cfg(feature = "redis")]
            redis: crate::redis::RedisStreamsConfig::default(),
        }
    }

    /// What holds for a group: the settings for it, else what its code says, else the defaults.
    pub(crate) fn subscription(
        &self,
        group: &GroupName,
        code: &SubscriptionOverrides,
    ) -> SubscriptionConfig {
        let mut config = self.defaults.clone();
        config.apply(code);
        if let Some(set) = self.subscriptions.get(group.as_str()) {
            config.apply(set);
        }
        config
    }
}

impl SubscriptionConfig {
    fn apply(&mut self, overrides: &SubscriptionOverrides) {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        set(&mut self.concurrency, overrides.concurrency.as_ref());
        set(&mut self.prefetch, overrides.prefetch.as_ref());
        set(
            &mut self.handler_timeout,
            overrides.handler_timeout.as_ref(),
        );
        set(&mut self.max_retries, overrides.max_retries.as_ref());
        set(&mut self.initial_backoff, overrides.initial_backoff.as_ref());
        set(&mut self.max_backoff, overrides.max_backoff.as_ref());
        set(&mut self.max_deliveries, overrides.max_deliveries.as_ref());
        set(&mut self.breaker, overrides.breaker.as_ref());
        self.max_lag = overrides.max_lag.or(self.max_lag);
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.initial_backoff, self.max_backoff)
    }
}

impl Default for MessagingConfig {
    fn default() -> Self {
        Self::new(BrokerUrl::sqlite(DEFAULT_FILE))
    }
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        Self {
            concurrency: DEFAULT_CONCURRENCY,
            prefetch: DEFAULT_PREFETCH,
            handler_timeout: DEFAULT_HANDLER_TIMEOUT,
            max_retries: DEFAULT_MAX_RETRIES,
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            max_deliveries: DEFAULT_MAX_DELIVERIES,
            breaker: CircuitBreakerConfig {
                mode: BreakerMode::Threshold,
                window: DEFAULT_BREAKER_WINDOW,
                min_calls: DEFAULT_BREAKER_MINIMUM,
                consecutive_failures: DEFAULT_BREAKER_RUN,
                open_duration: DEFAULT_BREAKER_OPEN,
                probe_interval: DEFAULT_BREAKER_PROBE,
                slow_call_duration: BREAKER_SLOW_CALL,
                slow_call_rate: Threshold::percent(100),
                ..CircuitBreakerConfig::default()
            },
            max_lag: None,
        }
    }
}

impl Default for EmbeddedConfig {
    fn default() -> Self {
        Self {
            claim_ttl: DEFAULT_CLAIM_TTL,
            poll_interval: DEFAULT_POLL_INTERVAL,
            max_backlog: DEFAULT_MAX_BACKLOG,
        }
    }
}
