use seaworthy::{
    audit_log::AuditLogConfig,
    data::DatabaseConfig,
    messaging::{BrokerUrl, MessagingConfig},
    operation_log::OperationLogConfig,
    outbox::OutboxConfig,
    prelude::*,
    redis::RedisConfig,
};
use tutoring_contract::{AccessTokenConfig, PlatformZone, ServiceTokenConfig};
use uuid::Uuid;

/// A directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/booking.db";
/// The broker of a platform in one directory.
const DEFAULT_BROKER: &str = "data/tutoring/broker.db";
/// A trainer travels at most this far between two sessions.
const MAX_SEQUENTIAL_DISTANCE_KM: f64 = 5.0;
/// Longer than a tunnel or a dead spot of the network.
const JOURNEY_SILENCE: Timeout = Timeout::from_secs(120);
/// Larger than the error of a telephone in a city.
const START_RADIUS_M: u16 = 100;

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BookingConfig {
    /// The database of prices, coupons, allocations and sessions.
    pub database: DatabaseConfig,
    /// The broker of events.
    pub broker: MessagingConfig,
    /// The outbox and the inbox of events.
    pub outbox: OutboxConfig,
    /// The Redis of live sessions, which all services share, and of live journeys. Without it, one
    /// replica keeps journeys in memory.
    pub redis: Option<RedisConfig>,
    /// Access tokens of users.
    pub access_tokens: AccessTokenConfig,
    /// Tokens of other services.
    pub service_tokens: ServiceTokenConfig,
    /// The audit log of changes by administrators.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The time zone of dates and slots, an IANA name.
    pub time_zone: PlatformZone,
    /// The key of the codes of session days, at least 32 bytes. Required.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub session_code_key: Option<Secret<String>>,
    /// The maximum distance between a trainer's sessions one after another, in km.
    pub max_sequential_distance_km: f64,
    /// The maximum distance between the trainer and the student's place at the start of a session,
    /// in metres.
    #[schemars(range(min = 50, max = 150))]
    pub start_radius_m: u16,
    /// A journey without a location for this time has ended.
    pub journey_silence: Timeout,
    /// The IDs of administrators who get notifications about pending allocations and disputes.
    pub operators: Vec<Uuid>,
}

impl Default for BookingConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: MessagingConfig {
                url: BrokerUrl::sqlite(DEFAULT_BROKER),
                // While the broker is unavailable, messages wait in the outbox.
                critical: false,
                ..MessagingConfig::default()
            },
            outbox: OutboxConfig::default(),
            redis: None,
            access_tokens: AccessTokenConfig::default(),
            service_tokens: ServiceTokenConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig {
                enabled: true,
                ..OperationLogConfig::default()
            },
            time_zone: PlatformZone::default(),
            session_code_key: None,
            max_sequential_distance_km: MAX_SEQUENTIAL_DISTANCE_KM,
            start_radius_m: START_RADIUS_M,
            journey_silence: JOURNEY_SILENCE,
            operators: Vec::new(),
        }
    }
}
