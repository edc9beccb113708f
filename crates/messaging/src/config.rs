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

/// The default file of an embedded broker, in a folder that version control ignores.
const DEFAULT_FILE: &str = "data/broker.db";
/// The default of `max_message_size`: below the default limits of NATS and Kafka, 1 MB.
const DEFAULT_MAX_MESSAGE_SIZE: ByteSize = ByteSize::kibibytes(896);
/// The default of `publish_timeout`. A request that publishes must end within this time.
const DEFAULT_PUBLISH_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `concurrency`. Handlers mostly wait for other services, so more of them run than
/// there are cores.
const DEFAULT_CONCURRENCY: NonZeroU16 = NonZeroU16::new(16).unwrap();
/// The default of `prefetch`, twice the concurrency: the next message is available when a handler
/// ends, and a crash redelivers few messages.
const DEFAULT_PREFETCH: NonZeroU16 = NonZeroU16::new(32).unwrap();
/// The default of `handler_timeout`, as long as a whole stop may take.
const DEFAULT_HANDLER_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default of `max_retries`, which MSG-3 requires.
const DEFAULT_MAX_RETRIES: u32 = 3;
/// The default of `initial_backoff`: a deadlock or a reconnect may end within this time.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(200);
/// The default of `max_backoff`. A message takes a prefetch slot during the backoff.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(30);
/// The default of `max_deliveries`. A message beyond it probably crashes its consumers.
const DEFAULT_MAX_DELIVERIES: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Consecutive failures that open the breaker. After so many, the messages are not the cause.
const DEFAULT_BREAKER_CONSECUTIVE_FAILURES: u32 = 10;
/// The default window of the breaker. It is long, because messages may be rare.
const DEFAULT_BREAKER_WINDOW: Timeout = Timeout::from_secs(60);
/// The default minimum of attempts for a failure rate. A rate of fewer may be chance.
const DEFAULT_BREAKER_MIN_CALLS: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The default interval of attempts of an open breaker, so that few messages become dead letters.
const DEFAULT_BREAKER_PROBE_INTERVAL: Timeout = Timeout::from_secs(5);
/// The default wait of an open breaker for a message that could probe.
const DEFAULT_BREAKER_OPEN_DURATION: Timeout = Timeout::from_secs(30);
/// The slow-call threshold, longer than any handler may take: a slow handler is not a failure.
const BREAKER_SLOW_CALL: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);
/// The default of `lag_interval`: cheap for the broker, and soon enough for an alert.
const DEFAULT_LAG_INTERVAL: Timeout = Timeout::from_secs(10);
/// A process extends its claims every second, also during a long handler. Another process gets the
/// messages of a killed one within 5 s.
const DEFAULT_CLAIM_TTL: Timeout = Timeout::from_secs(3);
/// The default of `poll_interval`, for messages of other processes. Own messages need no poll.
const DEFAULT_POLL_INTERVAL: Timeout = Timeout::from_millis(100);
/// The default of `max_backlog`. This many small messages take about 100 MB.
const DEFAULT_MAX_BACKLOG: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

/// Settings of a broker.
///
/// ```
/// use seaworthy_messaging::{BrokerUrl, MessagingConfig};
///
/// let config = MessagingConfig::new(BrokerUrl::memory());
/// assert!(config.enabled && config.critical);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingConfig {
    /// The address of the broker. Its scheme chooses the engine.
    pub url: BrokerUrl,
    /// The password, if the URL has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// Whether messaging is enabled. If not, publishing is a no-op and no handler runs.
    pub enabled: bool,
    /// Whether readiness requires the broker. If not, readiness is degraded while the broker is
    /// down, which suits a service that stores its events in an outbox.
    pub critical: bool,
    /// The maximum size of a message, headers included.
    pub max_message_size: ByteSize,
    /// The timeout of publishing with all attempts. The deadline of the request shortens it.
    pub publish_timeout: Timeout,
    /// Settings of every subscription.
    pub defaults: SubscriptionConfig,
    /// Settings of single subscriptions, by consumer group. They override the service's code.
    /// Startup fails for an entry without a subscription.
    pub subscriptions: BTreeMap<String, SubscriptionOverrides>,
    /// The interval between measurements of the lag of each subscription.
    pub lag_interval: Timeout,
    /// The embedded broker, in memory or in a file.
    pub embedded: EmbeddedConfig,
    /// Dapr.
    #[cfg(feature = "dapr")]
    pub dapr: crate::dapr::DaprConfig,
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

/// Settings of a subscription (MSG-7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionConfig {
    /// The maximum number of messages that are handled at the same time.
    pub concurrency: NonZeroU16,
    /// The maximum number of unacknowledged messages of an instance. Messages that wait for a retry
    /// count.
    pub prefetch: NonZeroU16,
    /// The timeout of one attempt.
    pub handler_timeout: Timeout,
    /// The number of retries before a message is dead-lettered.
    pub max_retries: u32,
    /// The maximum backoff before the first retry. It doubles with each retry.
    pub initial_backoff: Timeout,
    /// The maximum backoff before any retry.
    pub max_backoff: Timeout,
    /// The maximum number of deliveries. A message with more is dead-lettered, because its
    /// consumers end before they acknowledge it.
    pub max_deliveries: NonZeroU32,
    /// The circuit breaker, which pauses the subscription while its handlers fail.
    pub breaker: CircuitBreakerConfig,
    /// The maximum lag in messages. Above it the subscription is unhealthy (HLTH-4). Without it the
    /// lag is only measured.
    pub max_lag: Option<u64>,
}

/// Settings of one subscription that override the defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionOverrides {
    /// The maximum number of messages that are handled at the same time.
    pub concurrency: Option<NonZeroU16>,
    /// The maximum number of unacknowledged messages of an instance.
    pub prefetch: Option<NonZeroU16>,
    /// The timeout of one attempt.
    pub handler_timeout: Option<Timeout>,
    /// The number of retries before a message is dead-lettered.
    pub max_retries: Option<u32>,
    /// The maximum backoff before the first retry. It doubles with each retry.
    pub initial_backoff: Option<Timeout>,
    /// The maximum backoff before any retry.
    pub max_backoff: Option<Timeout>,
    /// The maximum number of deliveries before a message is dead-lettered.
    pub max_deliveries: Option<NonZeroU32>,
    /// The circuit breaker, which pauses the subscription while its handlers fail.
    pub breaker: Option<CircuitBreakerConfig>,
    /// The maximum lag in messages. Above it the subscription is unhealthy.
    pub max_lag: Option<u64>,
}

/// Settings of the embedded broker, in memory or in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddedConfig {
    /// How long a claim on a message lasts unless its process extends it.
    pub claim_ttl: Timeout,
    /// The interval between polls of a file for messages of other processes.
    pub poll_interval: Timeout,
    /// The maximum number of messages that wait for one consumer group. Publishing beyond it fails.
    pub max_backlog: NonZeroU32,
}

impl MessagingConfig {
    /// Returns the default settings for a broker at this URL.
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
            #[cfg(feature = "dapr")]
            dapr: crate::dapr::DaprConfig::default(),
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

    /// Returns the settings of a group: its own settings, else those of the code, else the
    /// defaults.
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
        set(
            &mut self.initial_backoff,
            overrides.initial_backoff.as_ref(),
        );
        set(&mut self.max_backoff, overrides.max_backoff.as_ref());
        set(&mut self.max_deliveries, overrides.max_deliveries.as_ref());
        set(&mut self.breaker, overrides.breaker.as_ref());
        self.max_lag = overrides.max_lag.or(self.max_lag);
    }

    /// Returns the reason why no subscription can have these settings, as the predicate of a
    /// sentence.
    pub(crate) fn problem(&self, measures_lag: bool) -> Option<String> {
        if self.prefetch < self.concurrency {
            return Some(format!(
                "has a prefetch of {}, which is less than its concurrency of {}",
                self.prefetch, self.concurrency
            ));
        }
        let has_max_lag = self.max_lag.is_some() && !measures_lag;
        has_max_lag.then(|| "has a max_lag, but the engine cannot measure the lag".to_owned())
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
                min_calls: DEFAULT_BREAKER_MIN_CALLS,
                consecutive_failures: DEFAULT_BREAKER_CONSECUTIVE_FAILURES,
                open_duration: DEFAULT_BREAKER_OPEN_DURATION,
                probe_interval: DEFAULT_BREAKER_PROBE_INTERVAL,
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
