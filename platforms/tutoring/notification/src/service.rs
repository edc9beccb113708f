//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog,
    config::{Conversion, LegacyVariable},
    mail::Mailer,
    messaging::Topics,
    operation_log::OperationLog,
    prelude::*,
    push::Pushes,
};
use tutoring_contract::{
    LiveEvent,
    events::{BusinessEvent, NotificationRequested},
    groups::NOTIFICATION,
};
use tutoring_identity::{
    Backend, LiveSealer, MAIL_VARIABLES, NoticeSealer, Stores, backend_variables, behind_gateway,
    stores,
};

use crate::{
    api,
    config::NotificationConfig,
    notify::{self, Notifier},
    store::MIGRATIONS,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-notification";
/// The name of the mail server in logs, probes and metrics.
const MAIL: &str = "mail";

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 7] = [
    LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone"),
    LegacyVariable::sets("FIREBASE_PROJECT_ID", "fcm.project_id"),
    LegacyVariable::sets("FIREBASE_CLIENT_EMAIL", "fcm.client_email"),
    LegacyVariable::sets("FIREBASE_PRIVATE_KEY", "fcm.private_key"),
    LegacyVariable::sets("FIREBASE_PRIVATE_KEY_ID", "fcm.private_key_id"),
    // The complete key of a service account turns push on.
    LegacyVariable::converted(
        "FIREBASE_PRIVATE_KEY_ID",
        "fcm.enabled",
        Conversion::Constant("true"),
    ),
    LegacyVariable::maps(
        "FCM_OPTIONAL",
        "fcm.enabled",
        &[("true", None), ("false", Some("true"))],
    )
    .unless_file_sets("fcm.enabled"),
];

/// Returns the service with its default ports: HTTP 3006, admin listener 3106.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "NOTIFICATION_SERVICE_PORT", [3006, 3106])
        // A request for 500 users.
        .default_value("server.http.max_body_size", "64KiB")
        .default_value("clients.fcm.base_url", "https://fcm.googleapis.com")
        .default_value(
            "clients.google_tokens.base_url",
            "https://oauth2.googleapis.com",
        )
        .default_value("clients.apns.base_url", "https://api.push.apple.com")
        .default_value("clients.apns.version", "http2")
        .legacy_variables(backend_variables())
        .legacy_variables(MAIL_VARIABLES)
        .legacy_variables(VARIABLES)
}

stores!(NotificationConfig, backend);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = NotificationConfig::commands(MIGRATIONS, consumed_topics);
    service().main_with(commands, assemble)
}

/// Returns the topics that the service consumes.
fn consumed_topics() -> Topics {
    Topics::from_event::<BusinessEvent<NotificationRequested>>()
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<NotificationConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let topics = Topics::new().with_unroutable::<LiveEvent>();
    let pushes = Pushes::new(service, |settings| &settings.fcm, |settings| &settings.apns)?;
    let mailer = Mailer::new(service, MAIL, &settings.mail)?;
    if let Some(mailbox) = mailer.mailbox() {
        // Without a mail server, /mailbox shows the mail. Production rejects that setting.
        service.http(mailbox.routes());
    }
    let backend = Backend::start(service, &settings.backend, topics, MIGRATIONS).await?;
    OperationLog::start(service, &backend.database, &settings.operation_log, &[])?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let inbox = backend.inbox(NOTIFICATION.name());
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
