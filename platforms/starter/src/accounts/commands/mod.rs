//! Commands for operators. Each change has an entry in the audit log.

mod roles;
mod users;

use seaworthy::{
    account::{ApiKeys, Lockout, SecondFactorConfig, SecondFactors, Sessions},
    audit_log::{AuditEntry, AuditLog},
    crypto::Root,
    data::{Database, DatabaseConfig},
    prelude::*,
    service::{CommandRun, clap::ArgMatches},
};

use crate::{
    TITLE,
    config::StarterConfig,
    domain::User,
    store::{Keys, Users},
};
pub(crate) use roles::roles_command;
pub(crate) use users::users_command;

/// The actor in the audit log. A command cannot authenticate its operator.
const OPERATOR: &str = "operator";

/// Selects the settings of the database.
type DatabaseSettings = fn(&StarterConfig) -> &DatabaseConfig;

/// The user of a command, and the stores in which it changes the user.
struct Target {
    database: Database,
    users: Users,
    sessions: Sessions,
    lockout: Lockout,
    factors: SecondFactors,
    api_keys: ApiKeys,
    audit: AuditLog,
    user: User,
}

impl Target {
    /// Returns the ID of the user, as the tables of accounts have it.
    fn id(&self) -> String {
        self.user.id.to_string()
    }

    fn username(&self) -> &str {
        self.user.username.expose()
    }

    /// Returns an entry of the audit log about the user.
    fn entry(&self, action: &'static str) -> AuditEntry {
        AuditEntry::new(action)
            .actor(OPERATOR)
            .target("user", self.id())
    }
}

/// Opens the database, and returns the user whom the arguments name.
async fn find_user(
    run: &CommandRun<'_, StarterConfig>,
    arguments: &ArgMatches,
    name: &'static str,
    config: DatabaseSettings,
) -> Result<Target, StartError> {
    let settings = run.service.settings();
    let root = Root::from_settings(run.service, &settings.kms)?;
    let database = Database::connect(run.service, name, config(settings), &[]).await?;
    let keys = Keys::open(&database, root, &settings.kms).await?;
    let audit = AuditLog::new(database.clone(), &keys.audit_log(&settings.audit_log))?;
    let users = Users::new(keys.clone());
    let username = argument(arguments, "username");
    let user = users.by_name(&database, &username).await;
    let user = user.map_err(|error| StartError::with_cause("the user cannot be read", error))?;
    let user = user.ok_or_else(|| StartError::new("there is no user with this name"))?;
    Ok(Target {
        sessions: Sessions::new(database.clone(), settings.auth.sessions()),
        lockout: Lockout::new(database.clone(), settings.auth.lockout()),
        factors: SecondFactors::new(
            database.clone(),
            keys.sealer,
            TITLE,
            SecondFactorConfig::default(),
        ),
        api_keys: ApiKeys::new(database.clone(), settings.auth.api_keys.clone()),
        database,
        users,
        audit,
        user,
    })
}

fn argument(arguments: &ArgMatches, name: &str) -> String {
    let given = arguments.get_one::<String>(name);
    given.cloned().unwrap_or_default()
}
