//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    config::{Conversion, LegacyVariable},
    crypto::{DataKeys, DataKeysConfig, Root, Sealer, data_keys_command},
    data::{DatabaseConfig, migrate_command},
    messaging::{MessagingConfig, Topics, dead_letters_command},
    outbox::outbox_command,
    prelude::*,
    service::Commands,
    storage::Storage,
};
use tutoring_contract::{
    LiveEvent,
    events::{AdminOverride, NotificationRequested, Occurred},
};
use tutoring_identity::{BACKEND_VARIABLES, BROKER, Backend, DATABASE, LiveSealer, behind_gateway};

use crate::{
    api,
    chat::{self, Chats},
    config::ChatConfig,
    store::{Allocations, COLUMNS, MIGRATIONS},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-chat";
/// The name of the storage in logs, probes and metrics.
const ATTACHMENTS: &str = "attachments";

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 5] = [
    LegacyVariable::converted("CHAT_SERVICE_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::rejected(
        "CHAT_ENCRYPTION_KEY",
        "set kms.seed and kms.salt to new secrets",
    ),
    LegacyVariable::rejected("MONGO_URI", "set backend.database.url: chats are in SQL"),
    LegacyVariable::rejected(
        "MONGO_DB_NAME",
        "set backend.database.url: chats are in SQL",
    ),
    LegacyVariable::rejected("AWS_S3_BUCKET", "set attachments.url to s3://BUCKET"),
];

/// Returns the service with its default ports: HTTP 3008, admin listener 3108.
#[must_use]
pub fn service() -> Service {
    behind_gateway(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .default_value("server.http.addr", "127.0.0.1:3008")
        .default_value("admin.addr", "127.0.0.1:3108")
        // 5,000 characters of four bytes, and ten attachments.
        .default_value("server.http.max_body_size", "64KiB")
        .legacy_variables(BACKEND_VARIABLES)
        .legacy_variables(VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, chat::consumed_topics))
        .with(audit_log_command(DATABASE, audit_log))
        .with(data_keys_command(DATABASE, database, keys, COLUMNS));
    service().main_with(commands, assemble)
}

fn database(settings: &ChatConfig) -> &DatabaseConfig {
    &settings.backend.database
}

fn broker(settings: &ChatConfig) -> &MessagingConfig {
    &settings.backend.broker
}

fn keys(settings: &ChatConfig) -> &DataKeysConfig {
    &settings.kms
}

fn audit_log(settings: &ChatConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.backend.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<ChatConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let root = Root::from_settings(service, &settings.kms)?;
    let live = LiveSealer::new(&settings.backend.access_tokens)?;
    let storage = Storage::connect(service, ATTACHMENTS, &settings.attachments)?;
    let attachments_url = settings.attachments.public_url.as_ref();
    let attachments_url = attachments_url
        .ok_or_else(|| StartError::new("attachments.public_url must be set: users upload to it"))?;
    let attachments_url = attachments_url.url().as_str().trim_end_matches('/');
    let topics = Topics::new()
        .with_unroutable::<LiveEvent>()
        .with_unroutable::<Occurred<NotificationRequested>>()
        .with_unroutable::<Occurred<AdminOverride>>();
    // Boxed, so that the type of this future stays small enough for the compiler.
    let backend = Box::pin(Backend::start(
        service,
        &settings.backend,
        topics,
        MIGRATIONS,
    ))
    .await?;
    let keys = DataKeys::start(service, &backend.database, root, &settings.kms).await?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    service.worker(Allocations::purge_worker(&backend.database));
    let chats = Arc::new(Chats {
        backend,
        sealer: Sealer::new(keys),
        live,
        audit,
        storage,
        attachments_url: attachments_url.to_owned(),
        max_attachment_size: settings.max_attachment_size,
        allow_contact_data: settings.allow_contact_data,
    });
    for subscription in chat::subscriptions(&chats, |group| chats.backend.inbox(service, group)) {
        chats.backend.messaging.subscribe(subscription).await?;
    }
    service.http(api::routes(chats));
    Ok(())
}
