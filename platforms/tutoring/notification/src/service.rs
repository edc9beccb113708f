//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    config::{Conversion, LegacyVariable},
    data::{DatabaseConfig, migrate_command},
    mail::Mailer,
    messaging::{MessagingConfig, Topics, dead_letters_command},
    operation_log::OperationLog,
    outbox::outbox_command,
    prelude::*,
    service::Commands,
};
use tutoring_contract::{
    LiveEvent,
    events::{NotificationRequested, Occurred},
};
use tutoring_identity::{
    BACKEND_VARIABLES, BROKER, Backend, DATABASE, LiveSealer, NoticeSealer, behind_gateway,
};

use crate::{
    api,
    config::NotificationConfig,
    notify::{self, Notifier},
    push::Pushes,
    store::MIGRATIONS,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-notification";
/// The name of the mail server in logs, probes and metrics.
const MAIL: &str = "mail";

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 9] = [
    LegacyVariable::converted(
        "NOTIFICATION_SERVICE_PORT",
        "server.http.addr",
        Conversion::Port,
    ),
    LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone"),
    LegacyVariable::sets("FIREBASE_PROJECT_ID", "fcm.project_id"),
    LegacyVariable::sets("FIREBASE_CLIENT_EMAIL", "fcm.client_email"),
    LegacyVariable::sets("FIREBASE_PRIVATE_KEY", "fcm.private_key"),
    LegacyVariable::rejected("FCM_OPTIONAL", "set fcm.enabled"),
    LegacyVariable::rejected("SMTP_HOST", "set mail.url and mail.from"),
    LegacyVariable::sets("SMTP_PASS", "mail.password"),
    LegacyVariable::sets("SMTP_FROM", "mail.from"),
];

/// Returns the service with its default ports: HTTP 3006, admin listener 3106.
#[must_use]
pub fn service() -> Service {
    behind_gateway(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .default_value("server.http.addr", "127.0.0.1:3006")
        .default_value("admin.addr", "127.0.0.1:3106")
        // A request for 500 users.
        .default_value("server.http.max_body_size", "64KiB")
        .default_value("clients.fcm.base_url", "https://fcm.googleapis.com")
        .default_value(
            "clients.google_tokens.base_url",
            "https://oauth2.googleapis.com",
        )
        .default_value("clients.apns.base_url", "https://api.push.apple.com")
        .default_value("clients.apns.version", "http2")
        .legacy_variables(BACKEND_VARIABLES)
        .legacy_variables(VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumed_topics))
        .with(audit_log_command(DATABASE, audit_log));
    service().main_with(commands, assemble)
}

fn database(settings: &NotificationConfig) -> &DatabaseConfig {
    &settings.backend.database
}

fn broker(settings: &NotificationConfig) -> &MessagingConfig {
    &settings.backend.broker
}

fn audit_log(settings: &NotificationConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.backend.database, &settings.audit_log)
}

/// Returns the topics that the service consumes.
fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<NotificationRequested>>()
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<NotificationConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let topics = Topics::new().with_unroutable::<LiveEvent>();
    let pushes = Pushes::new(service)?;
    let mailer = Mailer::new(service, MAIL, &settings.mail)?;
    if let Some(mailbox) = mailer.mailbox() {
        // Without a mail server, /mailbox shows the mail. Production rejects that setting.
        service.http(mailbox.routes());
    }
    // Boxed, so that the type of this future stays small enough for the compiler.
    let backend = Box::pin(Backend::start(
        service,
        &settings.backend,
        topics,
        MIGRATIONS,
    ))
    .await?;
    OperationLog::start(service, &backend.database, &settings.operation_log, &[])?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let inbox = backend.inbox(service, notify::GROUP);
    let tokens = &settings.backend.access_tokens;
    let notifier = Arc::new(Notifier {
        backend,
        secrets: NoticeSealer::new(tokens)?,
        live: LiveSealer::new(tokens)?,
        audit,
        zone: settings.time_zone.clone(),
        mailer,
        pushes,
    });
    let requests = notify::subscription(&inbox, &notifier);
    notifier.backend.messaging.subscribe(requests).await?;
    service.worker(notify::worker(&notifier));
    service.http(api::routes(notifier));
    Ok(())
}
