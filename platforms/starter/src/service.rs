//! The service: settings, parts and contracts.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, audit_log_command_with},
    cache::Cache,
    captcha::{Captchas, LogCodes, MailCodes, SendCode, SmsGateway},
    config::Profile,
    core::SwitchKind,
    crypto::{DataKeysConfig, Root, data_keys_command},
    data::{Database, DatabaseConfig, migrate_command},
    flags::{DatabaseStore, Flags, flags_command},
    mail::Mailer,
    operation_log::OperationLog,
    prelude::*,
    service::Commands,
};

use crate::{
    NAME,
    accounts::{
        AccountDependencies, AccountStores, Accounts, RecordedCodes, Tokens, keep_sessions,
        roles_command, users_command,
    },
    api,
    config::{LEGACY_KEYS, LEGACY_VARIABLES, PREFIX, StarterConfig, with_defaults},
    contract, features,
    plugins::{self, ServicePlugins},
    store::{COLUMNS, Keys, MIGRATIONS},
};

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
        .with(migrate_command(DATABASE, database_config, MIGRATIONS))
        .with(data_keys_command(
            DATABASE,
            database_config,
            keys_config,
            COLUMNS,
        ))
        .with(audit_log_command_with(open_audit_log))
        .with(flags_command(open_flags))
        .with(roles_command())
        .with(users_command());
    #[cfg(feature = "plugins")]
    let commands = commands.with(ServicePlugins::command());
    service().main_with(commands, assemble)
}

/// Returns the service with the defaults, keys and variables of the contract.
pub(crate) fn service() -> Service {
    with_defaults(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .error_renderer(Arc::new(api::rejection))
        .early_probes(api::probes)
        .check_settings(StarterConfig::problems)
        .check_settings_at_start(StarterConfig::start_problems)
        .legacy_prefix(PREFIX)
        .legacy_keys(LEGACY_KEYS.iter().chain(plugins::LEGACY_KEYS).cloned())
        .legacy_variables(
            LEGACY_VARIABLES
                .iter()
                .chain(plugins::LEGACY_VARIABLES)
                .cloned(),
        )
}

fn database_config(settings: &StarterConfig) -> &DatabaseConfig {
    &settings.data.database
}

fn keys_config(settings: &StarterConfig) -> &DataKeysConfig {
    &settings.kms
}

/// Assembles the service: secrets, stores, authentication, plugins, accounts, flags and contracts.
pub(crate) async fn assemble(service: &Assembly<StarterConfig>) -> Result<(), StartError> {
    // Secrets come first: a service without them must not change a database.
    let settings = service.settings();
    let root = Root::from_settings(service, &settings.kms)?;
    let tokens = Tokens::new(&settings.auth, service.profile())?;

    // Stores.
    let config = database_config(settings);
    let database = Database::connect(service, DATABASE, config, MIGRATIONS).await?;
    let keys = Keys::start(service, &database, root, &settings.kms).await?;
    let cache = Cache::connect(service, CACHE, &settings.cache())?;
    let audit = audit_log(service, &database, &keys)?;
    let stores = AccountStores::new(&settings.auth, &database, &keys);

    // Authentication and plugins. Register plugins before routes, because hooks wrap the routes.
    let plugins = ServicePlugins::open(service)?;
    let authentication = tokens.authentication(service, &database, &stores.api_keys)?;
    service.authenticate(plugins.authentication(authentication));
    keep_sessions(service);
    plugins.serve(service, &audit).await?;
    tokens.serve_keys(service);

    // Operation log, accounts and flags. The operation log comes first, because it records each
    // captcha code.
    let log = &settings.operation_log;
    let operations = OperationLog::start(service, &database, log, contract::DESCRIPTORS)?;
    let dependencies = AccountDependencies {
        captchas: captchas(service, &database, &keys, &operations)?,
        stores,
        audit: audit.clone(),
        plugins: plugins.clone(),
        tokens,
    };
    let accounts = Accounts::start(service, &settings.auth, dependencies)?;
    let flags = start_flags(service, &database, audit).await?;

    // Memory checks, probes and contracts.
    service.check_memory();
    service.probes(api::probes(service.health()));
    api::contracts(
        service, accounts, flags, operations, &cache, plugins, &database,
    )?
    .serve(service)
}

/// Starts the audit log and the worker that prunes it. A flag turns the log off.
fn audit_log(
    service: &Assembly<StarterConfig>,
    database: &Database,
    keys: &Keys,
) -> Result<AuditLog, StartError> {
    let switch = service
        .switches()
        .register("audit_log", SwitchKind::Security);
    let config = keys.audit_log(&service.settings().audit_log);
    Ok(AuditLog::start(service, database, &config)?.with_switch(switch))
}

/// Starts the flags, which govern the APIs that they list. Each change is in the audit log.
async fn start_flags(
    service: &Assembly<StarterConfig>,
    database: &Database,
    audit: AuditLog,
) -> Result<Flags, StartError> {
    let changes = DatabaseStore::new(database.clone(), NAME).audit_log(audit);
    let flags = features::builder(&service.settings().features, service.profile());
    let flags = flags.store(changes).start(service).await?;
    flags.guard_routes();
    Ok(flags)
}

/// Opens the audit log for its command.
async fn open_audit_log(service: &Assembly<StarterConfig>) -> Result<AuditLog, StartError> {
    let (_, _, audit) = open_stores(service).await?;
    Ok(audit)
}

/// Opens the flags for their command.
async fn open_flags(service: &Assembly<StarterConfig>) -> Result<Flags, StartError> {
    let (database, _, audit) = open_stores(service).await?;
    start_flags(service, &database, audit).await
}

/// Opens the database, the data keys and the audit log for a command.
pub(crate) async fn open_stores(
    service: &Assembly<StarterConfig>,
) -> Result<(Database, Keys, AuditLog), StartError> {
    let settings = service.settings();
    let root = Root::from_settings(service, &settings.kms)?;
    let config = database_config(settings);
    let database = Database::connect_for_command(service, DATABASE, config, MIGRATIONS).await?;
    let keys = Keys::open(&database, root, &settings.kms).await?;
    let audit = AuditLog::new(database.clone(), &keys.audit_log(&settings.audit_log))?;
    Ok((database, keys, audit))
}

/// Returns the captchas, with codes by mail and, if there is a gateway, by SMS.
fn captchas(
    service: &Assembly<StarterConfig>,
    database: &Database,
    keys: &Keys,
    operations: &OperationLog,
) -> Result<Captchas, StartError> {
    let settings = service.settings();
    let is_development = service.profile() == Profile::Development;
    let mut captchas = Captchas::new(database.clone(), &keys.parts_key, settings.auth.captchas())
        .with_metrics(service.metrics());
    let mailer = Mailer::new(service, MAIL, &settings.mail)?;
    let mailbox = mailer.mailbox().map(|mailbox| mailbox.routes());
    // Without a mail server, /mailbox shows the codes of all users.
    if mailbox.is_none() || is_development {
        let codes = Arc::new(MailCodes::new(mailer, SUBJECT));
        captchas = captchas.with_email(RecordedCodes::email(codes, operations));
        if let Some(mailbox) = mailbox {
            service.http(mailbox);
        }
    }
    let codes: Arc<dyn SendCode> = if let Some(gateway) = &settings.sms {
        let failed = |error| StartError::with_cause("clients.sms cannot be used", error);
        let client = service.http_client(SMS).map_err(failed)?;
        if let Some(path) = &gateway.health_path {
            service.check_http(SMS, &client, path);
        }
        Arc::new(SmsGateway::new(client, gateway.clone()))
    } else if is_development {
        Arc::new(LogCodes::new(service)?)
    } else {
        return Ok(captchas);
    };
    Ok(captchas.with_sms(RecordedCodes::sms(codes, operations)))
}
