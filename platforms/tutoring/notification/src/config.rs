use seaworthy::{
    audit_log::AuditLogConfig,
    mail::MailConfig,
    operation_log::OperationLogConfig,
    prelude::*,
    push::{ApnsConfig, FcmConfig},
};
use tutoring_contract::PlatformZone;
use tutoring_identity::BackendConfig;

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/notification.db";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationConfig {
    /// The database, the broker and the access tokens.
    pub backend: BackendConfig,
    /// The audit log of notifications by administrators.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The time zone of quiet hours.
    pub time_zone: PlatformZone,
    /// E-mail, for users who enable it.
    pub mail: MailConfig,
    /// Push by Firebase Cloud Messaging, to Android, web, and iOS without `apns`.
    pub fcm: FcmConfig,
    /// Push by the Apple Push Notification service, to iOS.
    pub apns: ApnsConfig,
}

impl Default for NotificationConfig {
    fn default() -> Self {
        Self {
            backend: BackendConfig::embedded(DEFAULT_FILE),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::enabled(),
            time_zone: PlatformZone::default(),
            mail: MailConfig::default(),
            fcm: FcmConfig::default(),
            apns: ApnsConfig::default(),
        }
    }
}
