//! The service: a mailer that hears messages.

use std::process::ExitCode;

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
    auth_service::{self, AuthService},
    config::EmailConfig,
    consumers::{self, GROUP, Postman, subscription},
    sent::{MIGRATIONS, Sent},
};

/// The name that logs and metrics know the service by.
const NAME: &str = "email-service";
/// The name that logs, probes and settings know the database by.
const DATABASE: &str = "database";
/// The same of the broker.
const BROKER: &str = "broker";
/// What its routes take and answer.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// The same of the mail server.
const MAIL: &str = "mail";

/// The service with the defaults of its platform: HTTP at 8090, operators at 9190.
#[must_use]
pub fn service() -> Service {
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8090")
        .default_value("admin.addr", "127.0.0.1:9190")
        .default_value("metrics.service_prefix", true)
        .variable("LOG_LEVEL", "log.level")
        .variable("LOG_FORMAT", "log.format")
        .variable("EMAIL_WEB_ADDR", "server.http.addr")
        .variable("RABBIT_URL", "broker.url")
        .variable("RABBIT_EXCHANGE", "broker.rabbitmq.exchange")
        .variable("AUTH_BASE_URL", "auth_url")
        .variable("INTERNAL_SECRET_KEY", "internal_secret")
        .variable("EMAIL_MAX_ATTEMPTS", "attempts")
        .variable("RL_ENABLED", "rate_limit.enabled")
        .variable("REDIS_ADDR", "rate_limit.redis.address")
        .variable("REDIS_DB", "rate_limit.redis.database")
}

/// The whole of the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(dead_letters_command(BROKER, broker, consumers::heard));
    service().main_with(commands, assemble)
}

fn database(settings: &EmailConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &EmailConfig) -> &MessagingConfig {
    &settings.broker
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`] for whatever keeps it from starting.
pub async fn assemble(service: &Assembly<EmailConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let mailer = Mailer::new(service, MAIL, &settings.mail)?;
    let auth = AuthService {
        client: service.http_client(auth_service::NAME)?,
        url: settings.auth_url.trim_end_matches('/').to_owned(),
        secret: settings.internal_secret.clone(),
    };
    let limits = Limits::open(&settings.rate_limit, service)?;
    service.http(api::routes(&auth, &limits, service.health()));
    service.document(OPENAPI);
    if let Some(mailbox) = mailer.mailbox() {
        service.http(mailbox.routes());
    }
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    let inbox = Inbox::new(database.clone(), GROUP, settings.inbox.clone());
    inbox.purge_regularly(service);
    let sent = Sent(database);
    service.worker(sent.purge_worker());
    let postman = Postman {
        mailer,
        auth,
        sent,
        inbox,
    };
    messaging.subscribe(subscription(postman, settings)).await?;
    Ok(())
}
