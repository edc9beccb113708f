//! Operations on accounts, independent of the transport.

mod api_keys;
mod caller;
mod captchas;
mod claims;
mod commands;
mod login;
mod password;
mod profile;
mod register;
mod second_factor;
mod sent_codes;
mod sessions;
mod stores;
mod tokens;

use seaworthy::{
    account::{ApiKeys, Lockout, SecondFactors, Sessions},
    audit_log::AuditLog,
    auth::password::{PasswordPolicy, Passwords},
    captcha::Captchas,
    config::Settings,
    core::{Switch, SwitchKind},
    data::Database,
    prelude::*,
};

use crate::{config::AuthConfig, plugins::ServicePlugins, store::Users};
pub(crate) use api_keys::ApiKeyRequest;
pub(crate) use caller::keep_sessions;
pub(crate) use captchas::CaptchaKind;
pub(crate) use commands::{roles_command, users_command};
pub(crate) use login::Credentials;
pub(crate) use register::Registration;
pub(crate) use sent_codes::RecordedCodes;
pub(crate) use stores::AccountStores;
pub(crate) use tokens::{TokenPair, Tokens};

/// The parts of the service that the accounts use.
pub(crate) struct AccountDependencies {
    pub(crate) plugins: ServicePlugins,
    pub(crate) tokens: Tokens,
    pub(crate) captchas: Captchas,
    pub(crate) stores: AccountStores,
    pub(crate) audit: AuditLog,
}

/// The accounts and their dependencies.
#[derive(Debug)]
pub(crate) struct Accounts {
    database: Database,
    users: Users,
    tokens: Tokens,
    captchas: Captchas,
    passwords: Passwords,
    policy: PasswordPolicy,
    policy_switch: Switch,
    lockout: Lockout,
    sessions: Sessions,
    factors: SecondFactors,
    api_keys: ApiKeys,
    audit: AuditLog,
    plugins: ServicePlugins,
    settings: AuthConfig,
}

impl Accounts {
    /// Creates the accounts, and starts the workers that delete expired rows.
    ///
    /// # Errors
    /// Passwords cannot be hashed.
    pub(crate) fn start<C: Settings>(
        service: &Assembly<C>,
        settings: &AuthConfig,
        dependencies: AccountDependencies,
    ) -> Result<Self, StartError> {
        let passwords = Passwords::start(&settings.passwords, service.metrics())
            .map_err(|error| StartError::with_cause("passwords cannot be hashed", error))?;
        let switch = |name| service.switches().register(name, SwitchKind::Security);
        let stores = dependencies.stores;
        let accounts = Self {
            users: stores.users,
            lockout: stores.lockout.with_switch(switch("account_lockout")),
            sessions: stores.sessions,
            policy: PasswordPolicy::new(settings.password_policy()),
            policy_switch: switch("password_policy"),
            settings: settings.clone(),
            database: stores.database,
            factors: stores.factors.with_switch(switch("totp")),
            api_keys: stores.api_keys,
            tokens: dependencies.tokens,
            captchas: dependencies.captchas.with_switch(switch("captcha")),
            audit: dependencies.audit,
            plugins: dependencies.plugins,
            passwords,
        };
        service.worker(accounts.captchas.purge_worker());
        service.worker(accounts.lockout.purge_worker());
        service.worker(accounts.sessions.purge_worker());
        service.worker(accounts.api_keys.purge_worker());
        Ok(accounts)
    }
}
