//! The assembly of the service.

use std::process::ExitCode;

use city_events_contract::groups;
use seaworthy::{
    data::{Database, DatabaseConfig, migrate_command},
    mail::Mailer,
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    outbox::Inbox,
    prelude::*,
    service::Commands,
};

use crate::{
    api::{self, Limits},
    auth_client::{self, AuthClient},
    config::EmailConfig,
    consumer::{self, MailSender, subscription},
    legacy,
    sent_mails::{MIGRATIONS, SentMails},
};

/// The name of the service in logs and metrics.
const NAME: &str = "email-service";
/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// The name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// The description of the HTTP interface.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// The name of the mail server in logs, probes and settings.
const MAIL: &str = "mail";

/// The service with the defaults of the platform: HTTP on port 8090, the admin listener on 9190.
#[must_use]
pub fn service() -> Service {
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8090")
        .default_value("admin.addr", "127.0.0.1:9190")
        .default_value("metrics.service_prefix", true)
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(dead_letters_command(BROKER, broker, consumer::topics));
    service().main_with(commands, assemble)
}

fn database(settings: &EmailConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &EmailConfig) -> &MessagingConfig {
    &settings.broker
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] if a setting is invalid, or the database or broker cannot be used.
pub async fn assemble(service: &Assembly<EmailConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let mailer = Mailer::new(service, MAIL, &settings.mail()?)?;
    let auth = AuthClient {
        client: service.http_client_builder(auth_client::NAME).build()?,
        url: settings.auth_url.trim_end_matches('/').to_owned(),
        secret: settings.internal_secret.clone(),
    };
    let limits = Limits::open(service)?;
    service.http(api::routes(&auth, &limits, service.health()));
    service.document(OPENAPI);
    if let Some(mailbox) = mailer.mailbox() {
        service.http(mailbox.routes());
    }
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    let inbox = Inbox::new(
        database.clone(),
        groups::EMAIL.name(),
        settings.inbox.clone(),
    );
    inbox.purge_regularly(service);
    let sent = SentMails(database);
    service.worker(sent.purge_worker());
    let sender = MailSender {
        mailer,
        auth,
        sent,
        inbox,
        notify_owners: settings.notify_owners,
    };
    messaging.subscribe(subscription(sender, settings)).await?;
    Ok(())
}
