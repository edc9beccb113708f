use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, messaging::MessagingConfig,
    operation_log::OperationLogConfig, outbox::OutboxConfig, prelude::*, redis::RedisConfig,
};
use tutoring_contract::{AccessTokenConfig, PlatformZone, ServiceTokenConfig};
use tutoring_identity::{embedded_broker, embedded_database};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/booking.db";
/// The default maximum distance between two consecutive sessions, in km.
const DEFAULT_MAX_SEQUENTIAL_DISTANCE_KM: f64 = 5.0;
/// The default idle timeout of a journey, longer than usual losses of the mobile network.
const DEFAULT_JOURNEY_IDLE_TIMEOUT: Timeout = Timeout::from_secs(120);
/// The default radius at the start of a session, larger than the GPS error in a city.
const DEFAULT_START_RADIUS_M: u16 = 100;

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
    /// The Redis of active sessions and live journeys, which all services share. Without it, one
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
    /// The maximum distance between two consecutive sessions of a trainer, in km.
    pub max_sequential_distance_km: f64,
    /// The maximum distance between the trainer and the student's place at the start of a session,
    /// in metres.
    #[schemars(range(min = 50, max = 150))]
    pub start_radius_m: u16,
    /// A journey without a location for this time has ended.
    pub journey_idle_timeout: Timeout,
    /// The IDs of administrators who get notifications about pending allocations and disputes.
    pub operators: Vec<Uuid>,
}

impl Default for BookingConfig {
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
            session_code_key: None,
            max_sequential_distance_km: DEFAULT_MAX_SEQUENTIAL_DISTANCE_KM,
            start_radius_m: DEFAULT_START_RADIUS_M,
            journey_idle_timeout: DEFAULT_JOURNEY_IDLE_TIMEOUT,
            operators: Vec::new(),
        }
    }
}
