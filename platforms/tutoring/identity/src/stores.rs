use seaworthy::{
    audit_log::{AuditLogConfig, audit_log_command},
    config::Settings,
    data::{DatabaseConfig, MigrationSet, migrate_command},
    messaging::{MessagingConfig, Topics, dead_letters_command},
    outbox::outbox_command,
    service::Commands,
};

use crate::{BROKER, DATABASE};

/// The settings of the stores that most services have. [`stores!`](crate::stores!) implements it.
pub trait Stores: Settings {
    /// Returns the settings of the database.
    fn database(&self) -> &DatabaseConfig;

    /// Returns the settings of the broker.
    fn broker(&self) -> &MessagingConfig;

    /// Returns the settings of the audit log.
    fn audit_log(&self) -> &AuditLogConfig;

    /// Returns the commands of a service. `topics` are those that it consumes.
    fn commands(migrations: &'static [MigrationSet], topics: fn() -> Topics) -> Commands<Self> {
        Commands::new()
            .with(migrate_command(DATABASE, Self::database, migrations))
            .with(outbox_command(DATABASE, Self::database))
            .with(dead_letters_command(BROKER, Self::broker, topics))
            .with(audit_log_command(DATABASE, of_audit_log::<Self>))
    }
}

fn of_audit_log<C: Stores>(settings: &C) -> (&DatabaseConfig, &AuditLogConfig) {
    (settings.database(), settings.audit_log())
}

/// Implements [`Stores`](crate::Stores) for settings with a field `audit_log`. The database and the
/// broker are fields too, or in a field such as `backend`. If they are fields, the settings get
/// the method `backend`.
#[macro_export]
macro_rules! stores {
    ($settings:ty) => {
        $crate::stores!($settings,);

        impl $settings {
            /// Returns the settings of the connections of a service that other services call.
            ///
            /// # Errors
            /// `StartError` if the secret of the service tokens is missing.
            fn backend(&self) -> Result<$crate::BackendConfig, ::seaworthy::prelude::StartError> {
                Ok($crate::BackendConfig {
                    database: self.database.clone(),
                    redis: self.redis.clone(),
                    broker: self.broker.clone(),
                    outbox: self.outbox.clone(),
                    inbox: self.outbox.inbox.clone(),
                    access_tokens: self.access_tokens.clone(),
                    service_tokens: self.service_tokens.required()?,
                })
            }
        }
    };
    ($settings:ty, $($member:ident)?) => {
        impl $crate::Stores for $settings {
            fn database(&self) -> &::seaworthy::data::DatabaseConfig {
                &self.$($member.)?database
            }

            fn broker(&self) -> &::seaworthy::messaging::MessagingConfig {
                &self.$($member.)?broker
            }

            fn audit_log(&self) -> &::seaworthy::audit_log::AuditLogConfig {
                &self.audit_log
            }
        }
    };
}
