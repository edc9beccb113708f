//! Commands for operators. Each change has an entry in the audit log.

mod roles;
mod users;

use seaworthy::{
    audit_log::{AuditEntry, AuditLog},
    prelude::*,
    service::{CommandRun, clap::ArgMatches},
};

use super::AccountStores;
use crate::{config::StarterConfig, domain::User, service::open_stores};
pub(crate) use roles::roles_command;
pub(crate) use users::users_command;

/// The actor in the audit log. A command cannot authenticate its operator.
const OPERATOR: &str = "operator";

/// The user of a command, and the stores in which it changes the user.
struct Target {
    stores: AccountStores,
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
) -> Result<Target, StartError> {
    let (database, keys, audit) = open_stores(run.service).await?;
    let settings = run.service.settings();
    let stores = AccountStores::new(&settings.auth, &database, &keys);
    let username = argument(arguments, "username");
    let user = stores.users.by_name(&database, &username).await;
    let user = user.map_err(|error| StartError::with_cause("the user cannot be read", error))?;
    let user = user.ok_or_else(|| StartError::new("there is no user with this name"))?;
    Ok(Target {
        stores,
        audit,
        user,
    })
}

fn argument(arguments: &ArgMatches, name: &str) -> String {
    let given = arguments.get_one::<String>(name);
    given.cloned().unwrap_or_default()
}
