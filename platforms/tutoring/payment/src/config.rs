use std::num::NonZeroU32;

use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, http::RateLimitsConfig,
    messaging::MessagingConfig, operation_log::OperationLogConfig, outbox::OutboxConfig,
    prelude::*, redis::RedisConfig, resilience::rate_limit::LimitBy, service::CronSchedule,
};
use tutoring_contract::{AccessTokenConfig, PlatformZone, ServiceTokenConfig};
use tutoring_identity::{embedded_broker, embedded_database, per_minute};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/payment.db";
/// The default TTL of an order and its payment.
const DEFAULT_ORDER_TTL: Timeout = Timeout::from_secs(30 * 60);
/// The default schedule: 20:00 UTC, which is 01:30 in India.
const DEFAULT_SCHEDULE: &str = "0 20 * * *";
/// The default lookback. Banks settle late payments within three days.
const DEFAULT_LOOKBACK: Timeout = Timeout::from_secs(3 * 24 * 60 * 60);
/// The default limit of created payments per student and minute.
const DEFAULT_CREATE_LIMIT: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The default limit of webhooks per minute.
const DEFAULT_WEBHOOK_LIMIT: NonZeroU32 = NonZeroU32::new(600).unwrap();

/// The prefix of the counts in Redis.
const PREFIX: &str = "ratelimit:payment";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentConfig {
    /// The database of payments and coins.
    pub database: DatabaseConfig,
    /// The broker of events.
    pub broker: MessagingConfig,
    /// The outbox and the inbox of events.
    pub outbox: OutboxConfig,
    /// The Redis of active sessions, which all services share.
    pub redis: Option<RedisConfig>,
    /// Access tokens of users.
    pub access_tokens: AccessTokenConfig,
    /// Tokens of calls between services.
    pub service_tokens: ServiceTokenConfig,
    /// The audit log of refunds and of changes by administrators.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The time zone of dates, such as the latest start of a package, an IANA name.
    pub time_zone: PlatformZone,
    /// The payment provider.
    pub provider: ProviderConfig,
    /// The time in which an order can be paid.
    pub order_ttl: Timeout,
    /// The comparison with the provider.
    pub reconciliation: ReconciliationConfig,
    /// Rate limits of the routes.
    pub limits: PaymentLimitsConfig,
}

/// The payment provider.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// The payment provider.
    pub kind: ProviderKind,
    /// The public ID of the API key. Clients open the page of the provider with it. Required.
    #[schemars(extend("x-reloadable" = true))]
    pub key_id: String,
    /// The secret of the API key, which also signs confirmations. Required.
    #[serde(skip_serializing)]
    #[schemars(extend("x-reloadable" = true))]
    pub key_secret: Option<Secret<String>>,
    /// The secret that signs webhooks, at least 32 bytes in production. Required.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub webhook_secret: Option<Secret<String>>,
}

/// The payment provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, extend("x-unsafe" = [{
    "id": "SEC-2",
    "value": "fake",
    "why": "the fake provider confirms payments without money",
    "fix": "set it to razorpay"
}]))]
pub enum ProviderKind {
    /// Razorpay, at `clients.razorpay.base_url`.
    #[default]
    Razorpay,
    /// A provider in memory, whose payments need no money. Only the profiles `development` and
    /// `test` accept it.
    Fake,
}

/// The comparison with the provider.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReconciliationConfig {
    /// When the job runs, as a cron pattern in UTC.
    pub schedule: CronSchedule,
    /// How far back the job compares payments.
    pub lookback: Timeout,
}

/// Rate limits of the routes, per minute.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentLimitsConfig {
    /// Whether these limits are enforced.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can create payments at the rate of the listener",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// The limit of payments that a student creates.
    pub create: NonZeroU32,
    /// The limit of webhooks of the provider.
    pub webhook: NonZeroU32,
}

impl PaymentConfig {
    /// Returns a limit per minute. While Redis is unavailable, each replica counts alone.
    pub(crate) fn limit(&self, requests: NonZeroU32, by: LimitBy) -> RateLimitsConfig {
        let limits = per_minute(requests, by, self.redis.as_ref(), PREFIX);
        RateLimitsConfig {
            enabled: self.limits.enabled,
            ..limits
        }
    }
}

impl Default for ReconciliationConfig {
    fn default() -> Self {
        Self {
            schedule: default_schedule(),
            lookback: DEFAULT_LOOKBACK,
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a test parses the constant pattern")]
fn default_schedule() -> CronSchedule {
    DEFAULT_SCHEDULE.parse().unwrap()
}

impl Default for PaymentLimitsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            create: DEFAULT_CREATE_LIMIT,
            webhook: DEFAULT_WEBHOOK_LIMIT,
        }
    }
}

impl Default for PaymentConfig {
    fn default() -> Self {
        Self {
            database: embedded_database(DEFAULT_FILE),
            broker: embedded_broker(),
            outbox: OutboxConfig::default(),
            redis: None,
            access_tokens: AccessTokenConfig::default(),
            service_tokens: ServiceTokenConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::enabled(),
            time_zone: PlatformZone::default(),
            provider: ProviderConfig::default(),
            order_ttl: DEFAULT_ORDER_TTL,
            reconciliation: ReconciliationConfig::default(),
            limits: PaymentLimitsConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_schedule_is_nightly_work_1() {
        let schedule = PaymentConfig::default().reconciliation.schedule;
        assert_eq!(schedule.to_string(), DEFAULT_SCHEDULE);
    }
}
