use std::{sync::Arc, time::Duration};

use seaworthy::{
    account::{CodeKey, Lockout, OneTimeCodes, Sessions},
    auth::{oidc::OpenIdClientLogin, password::Passwords},
    captcha::SmsSenders,
    config::Settings,
    data::{Database, MigrationSet, Transaction, chrono::Utc},
    mail::Mailer,
    messaging::Messaging,
    operation_log::OperationLog,
    outbox::Outbox,
    prelude::*,
    service::Tasks,
};
use tutoring_contract::{AccessTokens, use_envelopes};

use crate::{
    Account, AccountKind, Accounts, ActiveSessions, IdentityConfig, Limits, RefreshCookies, api,
    backend::{BROKER, DATABASE},
    snapshot::{publish, topics},
    store::NewAccount,
};

/// The name of the mail server in logs, probes and settings.
const MAIL: &str = "mail";
/// The name of the provider in settings, metrics and probes.
const GOOGLE: &str = "google";
/// The name of the HTTP client of the SMS provider in settings and metrics.
const SMS: &str = "sms";
/// How often unverified accounts are deleted.
const CLEANUP_INTERVAL: Timeout = Timeout::from_secs(3 * 60 * 60);

/// The accounts of a service and their dependencies. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Identity(pub(crate) Arc<Parts>);

/// The parts of an [`Identity`].
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) kind: AccountKind,
    pub(crate) database: Database,
    pub(crate) messaging: Messaging,
    pub(crate) outbox: Outbox,
    pub(crate) tokens: AccessTokens,
    pub(crate) sessions: Sessions,
    pub(crate) active_sessions: ActiveSessions,
    pub(crate) lockout: Lockout,
    pub(crate) passwords: Passwords,
    pub(crate) verification_codes: OneTimeCodes,
    pub(crate) reset_codes: OneTimeCodes,
    pub(crate) phone_codes: OneTimeCodes,
    pub(crate) mailer: Mailer,
    pub(crate) sms: Option<SmsSenders>,
    pub(crate) google: Option<OpenIdClientLogin>,
    pub(crate) limits: Limits,
    pub(crate) cookies: RefreshCookies,
    pub(crate) tasks: Tasks,
}

impl Identity {
    /// Connects the database, the broker and Redis, starts the workers, and authenticates callers
    /// by access tokens. `select` returns the settings of accounts. `migrations` are those of the
    /// service, with [`MIGRATIONS`](crate::MIGRATIONS) and the sets of `account` and its one-time
    /// codes, `outbox`, `operation_log` and leases.
    ///
    /// # Errors
    /// [`StartError`] for invalid settings and unavailable dependencies.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        kind: AccountKind,
        select: fn(&C) -> &IdentityConfig,
        migrations: &'static [MigrationSet],
    ) -> Result<Self, StartError> {
        let config = select(service.settings());
        use_envelopes(service);
        let tokens = AccessTokens::new(&config.access_tokens)?;
        let active_sessions = ActiveSessions::new(config.redis.as_ref())?;
        let sms = SmsSenders::connect(service, SMS, &config.sms)?;
        let google = OpenIdClientLogin::connect(service, GOOGLE, &config.google)?;
        let database = Database::connect(service, DATABASE, &config.database, migrations).await?;
        OperationLog::start(service, &database, &config.operation_log, &[])?;
        let codes = &config.codes;
        let key = CodeKey::new(codes.pepper.as_ref(), "codes.pepper")?;
        let messaging = Messaging::connect(service, BROKER, &config.broker).await?;
        let publisher = messaging.publisher(topics(kind)).await?;
        let outbox = Outbox::start(service, &database, publisher, &config.outbox).await?;
        let mailer = Mailer::new(service, MAIL, &config.mail)?;
        if let Some(mailbox) = mailer.mailbox() {
            // Without a mail server, /mailbox shows the mail. Production rejects that setting.
            service.http(mailbox.routes());
        }
        let passwords = Passwords::start(&config.passwords, service.metrics());
        let bearer = config
            .access_tokens
            .authentication(service, Some(active_sessions.clone()))?;
        service.authenticate(bearer);
        let parts = Parts {
            kind,
            messaging,
            outbox,
            tokens,
            sessions: Sessions::new(database.clone(), config.sessions.clone()),
            lockout: Lockout::new(database.clone(), config.lockout.clone()),
            passwords: passwords
                .map_err(|error| StartError::with_cause("passwords cannot be hashed", error))?,
            limits: Limits::new(service, kind, select)?,
            active_sessions,
            verification_codes: OneTimeCodes::by_email(&database, &key, codes, "email_verify"),
            reset_codes: OneTimeCodes::by_email(&database, &key, codes, "password_reset"),
            phone_codes: OneTimeCodes::by_phone(&database, &key, codes, "phone_login"),
            mailer,
            sms,
            google,
            cookies: RefreshCookies::new(service.profile()),
            tasks: service.tasks().clone(),
            database,
        };
        parts.start_workers(service, config);
        Ok(Self(Arc::new(parts)))
    }

    /// Returns the routes of accounts, with their full paths.
    pub fn routes(&self) -> Routes {
        api::routes(self)
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// Returns the broker, for subscriptions.
    #[must_use]
    pub fn messaging(&self) -> &Messaging {
        &self.0.messaging
    }

    /// Returns the outbox.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }
}

impl Parts {
    /// Inserts an account, and publishes its snapshot.
    ///
    /// # Errors
    /// As [`Accounts::insert`].
    pub(crate) async fn insert(&self, tx: &Transaction, new: NewAccount) -> Result<Account, Error> {
        let account = Accounts::insert(tx, self.kind, new).await?;
        publish(&self.outbox, self.kind, tx, &account).await?;
        Ok(account)
    }

    /// Stores a changed account, whose row the transaction has locked, and publishes its snapshot.
    ///
    /// # Errors
    /// As [`Accounts::update`].
    pub(crate) async fn update(
        &self,
        tx: &Transaction,
        changed: Account,
    ) -> Result<Account, Error> {
        let account = Accounts::update(tx, changed).await?;
        publish(&self.outbox, self.kind, tx, &account).await?;
        Ok(account)
    }

    fn start_workers<C: Settings>(&self, service: &Assembly<C>, config: &IdentityConfig) {
        service.worker(self.lockout.purge_worker());
        service.worker(self.sessions.purge_worker());
        service.worker(self.verification_codes.purge_worker());
        if !config.unverified_cleanup {
            return;
        }
        let (database, ttl) = (self.database.clone(), config.unverified_ttl.get());
        // No lease is needed: replicas that run simultaneously delete the same rows.
        let schedule = Schedule::Interval(CLEANUP_INTERVAL);
        let worker = Worker::in_batches("delete unverified accounts", schedule, move || {
            let (database, before) = (database.clone(), Utc::now() - age(ttl));
            async move {
                let deleted = Accounts::delete_unverified(&database, before).await;
                deleted.map_err(Error::from)
            }
        });
        service.worker(worker);
    }
}

fn age(ttl: Duration) -> seaworthy::data::chrono::TimeDelta {
    seaworthy::data::chrono::TimeDelta::from_std(ttl).unwrap_or_default()
}
