//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog,
    config::LegacyVariable,
    crypto::{DataKeys, DataKeysConfig, Root, Sealer, data_keys_command},
    messaging::Topics,
    operation_log::OperationLog,
    outbox::Consumer,
    prelude::*,
    storage::Storage,
};
use tutoring_contract::{
    LiveEvent,
    events::{AdminOverride, BusinessEvent, NotificationRequested},
};
use tutoring_identity::{
    Backend, DATABASE, LiveSealer, Stores, backend_variables, behind_gateway, storage_variables,
    stores,
};

use crate::{
    api,
    chat::{self, Chats},
    config::{ChatConfig, DEFAULT_SIGNED_URL},
    store::{COLUMNS, MIGRATIONS, allocations},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-chat";
/// The name of the storage in logs, probes and metrics.
const ATTACHMENTS: &str = "attachments";

/// The fields of requests with texts that the service encrypts.
const ENCRYPTED_FIELDS: [&str; 3] = ["content", "question", "reply"];

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 3] = [
    // The root key also needs `kms.salt`.
    LegacyVariable::sets("CHAT_ENCRYPTION_KEY", "kms.seed"),
    LegacyVariable::ignored(
        "MONGO_URI",
        "set backend.database.url: the service stores chats in SQL",
    ),
    LegacyVariable::ignored(
        "MONGO_DB_NAME",
        "set backend.database.url: the service stores chats in SQL",
    ),
];

/// Returns the service with its default ports: HTTP 3008, admin listener 3108.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "CHAT_SERVICE_PORT", [3008, 3108])
        // 5,000 characters of four bytes, and ten attachments.
        .default_value("server.http.max_body_size", "64KiB")
        .legacy_variables(backend_variables())
        .legacy_variables(storage_variables("attachments"))
        .legacy_variables(VARIABLES)
}

stores!(ChatConfig, backend);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = ChatConfig::commands(MIGRATIONS, || Consumer::topics(chat::consumers())).with(
        data_keys_command(DATABASE, ChatConfig::database, keys, COLUMNS),
    );
    service().main_with(commands, assemble)
}

fn keys(settings: &ChatConfig) -> &DataKeysConfig {
    &settings.kms
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
    let attachments = settings.attachments.clone();
    let attachments = attachments.with_public_address(DEFAULT_SIGNED_URL);
    let storage = Storage::connect(service, ATTACHMENTS, &attachments)?;
    let attachments_url = attachments.public_url.as_ref();
    let attachments_url = attachments_url
        .ok_or_else(|| StartError::new("attachments.public_url must be set: users upload to it"))?;
    let attachments_url = attachments_url.url().as_str().trim_end_matches('/');
    let topics = Topics::new()
        .with_unroutable::<LiveEvent>()
        .with_unroutable::<BusinessEvent<NotificationRequested>>()
        .with_unroutable::<BusinessEvent<AdminOverride>>();
    let backend = Backend::start(service, &settings.backend, topics, MIGRATIONS).await?;
    let operations = settings.operation_log.clone();
    let operations = operations.with_masked_fields(&ENCRYPTED_FIELDS);
    OperationLog::start(service, &backend.database, &operations, &[])?;
    let keys = DataKeys::start(service, &backend.database, root, &settings.kms).await?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    service.worker(allocations::purge_worker(&backend.database));
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
    let backend = &chats.backend;
    backend.consume(chat::consumers(), &chats).await?;
    service.http(api::routes(chats));
    Ok(())
}
