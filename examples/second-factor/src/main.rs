//! Logins with a second factor: a password, and then a TOTP code or a recovery code.
//!
//! Create two keys with `cargo run -p second-factor -- encryption new-key`, and set them as
//! `SECOND_FACTOR__ENCRYPTION_KEY` and `SECOND_FACTOR__AUDIT_LOG__KEY`. Then
//! `cargo run -p second-factor -- --set database.migrate_at_start=true` serves at
//! <http://127.0.0.1:8000>.

mod accounts;
mod config;
mod errors;
mod routes;
mod session;
mod users;

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    account::{
        self, DeviceCookies, Lockout, OneTimeTokens, SECOND_FACTOR_SECRETS, SecondFactors,
        SessionCookie, Sessions,
    },
    audit_log::{self, AuditLog, AuditLogConfig, audit_log_command},
    auth::password::{PasswordPolicy, Passwords},
    config::Profile,
    crypto::{KeyId, Keyring, Sealer, encryption_command, key_from_text},
    data::{Database, DatabaseConfig, Migration, MigrationSet, migrate_command},
    http::cookie::HostCookie,
    prelude::*,
    service::Commands,
};

use crate::{accounts::Accounts, config::SecondFactorSettings, session::SessionAuthentication};

/// Name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// Name of the issuer in authenticator applications.
const ISSUER: &str = "Second Factor";
/// Name of the session cookie. It has the prefix `__Host-` outside of development.
const COOKIE: &str = "session";
/// Name of the cookie of known devices, with the same prefix.
const DEVICE_COOKIE: &str = "device";
/// Name of the current key. For a rotation, add the next key with another name to the keyring until
/// `encryption rewrap` is done.
const KEY: &str = "first";

const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[Migration::new(
        1,
        "users",
        include_str!("../migrations/0001_users.up.sql"),
        include_str!("../migrations/0001_users.down.sql"),
    )]),
    account::MIGRATIONS,
    audit_log::MIGRATIONS,
];

fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(audit_log_command(DATABASE, audit_log))
        .with(encryption_command(
            DATABASE,
            database,
            sealer,
            &[SECOND_FACTOR_SECRETS],
        ));
    Service::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).main_with(commands, assemble)
}

fn database(settings: &SecondFactorSettings) -> &DatabaseConfig {
    &settings.database
}

fn audit_log(settings: &SecondFactorSettings) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

fn encryption_key(settings: &SecondFactorSettings) -> Result<&Secret<String>, StartError> {
    let key = settings.encryption_key.as_ref();
    key.ok_or_else(|| {
        StartError::new(
            "encryption_key must be set: create a key with `second-factor encryption new-key`",
        )
    })
}

fn sealer(service: &Assembly<SecondFactorSettings>) -> Result<Sealer, StartError> {
    let text = encryption_key(service.settings())?;
    let because = |error| StartError::with_cause("encryption_key cannot be used", error);
    let name = KeyId::new(KEY)
        .map_err(|error| StartError::with_cause("the name of the key is not valid", error))?;
    let key = key_from_text(text).map_err(because)?;
    Ok(Sealer::new(Keyring::new(name, &key).map_err(because)?))
}

/// Connects the database and registers routes and workers.
async fn assemble(service: &Assembly<SecondFactorSettings>) -> Result<(), StartError> {
    let settings = service.settings();
    let sealer = sealer(service)?;
    let audit = &settings.audit_log;
    let database = Database::connect(service, DATABASE, &settings.database, MIGRATIONS).await?;
    let accounts = Accounts {
        passwords: Passwords::start(&settings.passwords, service.metrics())
            .map_err(|error| StartError::with_cause("passwords cannot be hashed", error))?,
        policy: PasswordPolicy::default(),
        lockout: Lockout::new(database.clone(), settings.lockout.clone()),
        factors: SecondFactors::new(
            database.clone(),
            sealer,
            ISSUER,
            settings.second_factors.clone(),
        ),
        pending_logins: OneTimeTokens::new(database.clone(), "login", settings.code_timeout.get()),
        sessions: Sessions::new(database.clone(), settings.sessions.clone()),
        audit: AuditLog::new(database.clone(), audit)?,
        database,
    };
    service.worker(accounts.sessions.purge_worker());
    service.worker(accounts.pending_logins.purge_worker());
    service.worker(accounts.lockout.purge_worker());
    accounts.audit.start_workers(service, audit);
    let (cookie, device_cookie) = match service.profile() {
        Profile::Development => (
            SessionCookie::insecure(COOKIE),
            HostCookie::insecure(DEVICE_COOKIE),
        ),
        _ => (SessionCookie::new(COOKIE), HostCookie::new(DEVICE_COOKIE)),
    };
    let lifetime = accounts.sessions.absolute_timeout();
    // DeviceCookies derives its own key from the encryption key.
    let devices = DeviceCookies::new(device_cookie, encryption_key(settings)?, lifetime).map_err(
        |error| StartError::with_cause("device cookies cannot use encryption_key", error),
    )?;
    service.authenticate(SessionAuthentication::new(
        accounts.sessions.clone(),
        cookie.clone(),
    ));
    service.http(routes::routes(Arc::new(accounts), cookie, devices));
    Ok(())
}
