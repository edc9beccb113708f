//! The service: settings, parts and contracts.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog,
    cache::Cache,
    captcha::{Captchas, LogCodes, MailCodes, SmsGateway},
    config::Profile,
    core::SwitchKind,
    crypto::{DataKeysConfig, Root, data_keys_command},
    data::{self, Database, DatabaseConfig, migrate_command},
    flags::{DatabaseStore, Flags},
    mail::Mailer,
    operation_log::OperationLog,
    prelude::*,
    service::Commands,
};

use crate::{
    accounts::{AccessTokens, AccountParts, Accounts, roles_command},
    api,
    config::{KEYS, PREFIX, StarterConfig, VARIABLES, with_defaults},
    contract,
    plugins::{self, ServicePlugins},
    store::{COLUMNS, Keys, MIGRATIONS},
};

/// The name of the service in logs and metrics.
const NAME: &str = "starter";
/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// The name of the cache in logs and probes.
const CACHE: &str = "cache";
/// The name of the mail server in logs, probes and settings.
const MAIL: &str = "mail";
/// The name of the HTTP client of the gateway for SMS.
const SMS: &str = "sms";
/// The subject of mail with a captcha code.
const SUBJECT: &str = "Your code";

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(data_keys_command(DATABASE, database, keys, COLUMNS))
        .with(roles_command(DATABASE, database));
    #[cfg(feature = "plugins")]
    let commands = commands.with(ServicePlugins::command());
    service().main_with(commands, assemble)
}

/// Returns the service with the defaults, keys and variables of the contract.
fn service() -> Service {
    with_defaults(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .errors(Arc::new(api::rejection))
        .legacy_prefix(PREFIX)
        .legacy_keys(KEYS.iter().chain(plugins::KEYS).cloned())
        .legacy_variables(VARIABLES.iter().chain(plugins::VARIABLES).cloned())
}

fn database(settings: &StarterConfig) -> &DatabaseConfig {
    &settings.data.database
}

fn keys(settings: &StarterConfig) -> &DataKeysConfig {
    &settings.kms
}

/// Connects the stores, creates the accounts, and serves the contracts.
async fn assemble(service: &Assembly<StarterConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    // Secrets come first: a service without them must not change a database.
    let root = Root::from_settings(service, &settings.kms)?;
    settings.check()?;
    let tokens = AccessTokens::new(&settings.auth, service.profile())?;
    let database = Database::connect(service, DATABASE, database(settings), MIGRATIONS).await?;
    let keys = Keys::start(service, &database, root, &settings.kms).await?;

    if let Some(keys) = tokens.routes() {
        service.http(keys);
    }
    let plugins = ServicePlugins::open(service)?;
    let authentication = tokens.authentication(service, &database)?;
    service.authenticate(plugins.authentication(authentication));

    let switch = service
        .switches()
        .register("audit_log", SwitchKind::Security);
    let audit = AuditLog::new(database.clone(), &keys.audit_log())?.with_switch(switch);
    // Before the routes, which the hooks surround.
    plugins.serve(service, &audit, &database).await?;
    let parts = AccountParts {
        plugins: plugins.clone(),
        tokens,
        captchas: captchas(service, &database, &keys)?,
        audit: audit.clone(),
    };
    let accounts = Accounts::start(service, &settings.auth, &database, &keys, parts)?;

    let cache = Cache::connect(service, CACHE, &settings.cache())?;
    let log = &settings.operation_log;
    let operations = OperationLog::start(service, &database, log, contract::DESCRIPTORS)?;

    let idempotency_keys = data::DatabaseStore::new(database.clone(), &api::idempotency());
    // Flags start last, because they can turn off only parts that are registered.
    let changes = DatabaseStore::new(database, NAME).audit_log(audit);
    let flags = Flags::builder(&settings.features).store(changes);
    let flags = flags.start(service).await?;
    flags.guard_apis();

    service.check_memory();
    service.probes(api::probes(service.health()));
    api::contracts(service, accounts, flags, operations, &cache, plugins)?
        .idempotency_keys(api::idempotency(), idempotency_keys)
        .serve(service)
}

/// Returns the captchas, with codes by mail and, if there is a gateway, by SMS.
fn captchas(
    service: &Assembly<StarterConfig>,
    database: &Database,
    keys: &Keys,
) -> Result<Captchas, StartError> {
    let settings = service.settings();
    let mailer = Mailer::new(service, MAIL, &settings.mail)?;
    if let Some(mailbox) = mailer.mailbox() {
        // Without a mail server, /mailbox shows the mail. Production rejects that setting.
        service.http(mailbox.routes());
    }
    let captchas = Captchas::new(database.clone(), &keys.root, settings.auth.captchas())
        .with_email(Arc::new(MailCodes::new(mailer, SUBJECT)));
    if let Some(gateway) = &settings.sms {
        let because = |error| StartError::because("clients.sms cannot be used", error);
        let client = service.http_client(SMS).map_err(because)?;
        if let Some(path) = &gateway.health_path {
            service.check_http(SMS, &client, path);
        }
        return Ok(captchas.with_sms(Arc::new(SmsGateway::new(client, gateway.clone()))));
    }
    if service.profile() == Profile::Development {
        return Ok(captchas.with_sms(Arc::new(LogCodes::new(service)?)));
    }
    Ok(captchas)
}
