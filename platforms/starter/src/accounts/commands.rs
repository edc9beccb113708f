//! Commands for operators. Each change has an entry in the audit log.

use seaworthy::{
    account::{Sessions, TokenVersions},
    audit_log::{AuditEntry, AuditLog},
    crypto::Root,
    data::{Database, DatabaseConfig},
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, ArgMatches, Command},
    },
};
use serde_json::json;

use super::refresh::end_access;
use crate::{
    config::StarterConfig,
    domain::User,
    store::{Keys, Users},
};

/// The actor in the audit log. The person has access to the database and the secrets.
const OPERATOR: &str = "operator";

/// Selects the settings of the database.
type DatabaseSettings = fn(&StarterConfig) -> &DatabaseConfig;

/// Returns the command `roles grant|revoke USERNAME ROLE`, which makes the first administrator.
pub(crate) fn roles_command(
    name: &'static str,
    config: DatabaseSettings,
) -> ServiceCommand<StarterConfig> {
    let change = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(Arg::new("username").required(true))
            .arg(Arg::new("role").required(true))
    };
    let command = Command::new("roles")
        .about("Grant and revoke roles of users. A change ends the access tokens and API keys of the user.")
        .subcommand_required(true)
        .subcommand(change("grant", "Grant a role to a user."))
        .subcommand(change("revoke", "Revoke a role of a user."));
    ServiceCommand::new(command, move |run| {
        Box::pin(async move { change_role(&run, name, config).await })
    })
}

/// Returns the command `users disable|enable USERNAME`.
pub(crate) fn users_command(
    name: &'static str,
    config: DatabaseSettings,
) -> ServiceCommand<StarterConfig> {
    let username = || Arg::new("username").required(true);
    let disable = Command::new("disable")
        .about("End all sessions and API keys of a user, who cannot log in until `enable`.")
        .arg(username());
    let enable = Command::new("enable")
        .about("Let a disabled user log in.")
        .arg(username());
    let command = Command::new("users")
        .about("Disable and enable users.")
        .subcommand_required(true)
        .subcommand(disable)
        .subcommand(enable);
    ServiceCommand::new(command, move |run| {
        Box::pin(async move { set_status(&run, name, config).await })
    })
}

async fn change_role(
    run: &CommandRun<'_, StarterConfig>,
    name: &'static str,
    config: DatabaseSettings,
) -> Result<(), StartError> {
    let Some((action, arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `roles grant|revoke USERNAME ROLE`"));
    };
    let role = argument(arguments, "role");
    let is_granted = action == "grant";
    // A role that was removed from the settings can be revoked.
    if is_granted && !run.service.settings().auth.roles.contains_key(&role) {
        return Err(StartError::new(format!("auth.roles has no role {role:?}")));
    }
    let target = find_user(run, arguments, name, config).await?;
    let is_changed = target
        .database
        .transaction(|tx| {
            let (target, role) = (&target, role.as_str());
            async move {
                let (user, users) = (target.user.id, &target.users);
                let (action, is_changed) = if is_granted {
                    ("role.grant", users.grant(&tx, user, role).await?)
                } else {
                    ("role.revoke", users.revoke(&tx, user, role).await?)
                };
                if !is_changed {
                    return Ok(false);
                }
                // The next token of the user has the present permissions.
                TokenVersions::raise(&tx, &user.to_string()).await?;
                let entry = target.entry(action).detail("role", role);
                target.audit.append(&tx, entry).await?;
                Ok::<_, Error>(true)
            }
        })
        .await
        .map_err(|error: Error| StartError::with_cause("the roles cannot be changed", error))?;
    let username = target.user.username.expose();
    if !is_changed {
        let state = if is_granted {
            "already has the"
        } else {
            "has no"
        };
        let problem = format!("{username} {state} role {role:?}");
        return Err(StartError::new(problem));
    }
    let document = json!({ "username": username, "role": role, "granted": is_granted });
    let verb = if is_granted { "has" } else { "does not have" };
    run.console
        .print(&format!("{username} {verb} the role {role}"), &document);
    Ok(())
}

async fn set_status(
    run: &CommandRun<'_, StarterConfig>,
    name: &'static str,
    config: DatabaseSettings,
) -> Result<(), StartError> {
    let Some((action, arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `users disable|enable USERNAME`"));
    };
    let is_active = action == "enable";
    let target = find_user(run, arguments, name, config).await?;
    let sessions = Sessions::new(
        target.database.clone(),
        run.service.settings().auth.sessions(),
    );
    let is_changed = target
        .database
        .transaction(|tx| {
            let (target, sessions) = (&target, &sessions);
            async move {
                let (user, users) = (target.user.id, &target.users);
                let is_changed = users.set_active(&tx, user, is_active).await?;
                if !is_active {
                    // Another program may have changed the status and nothing else.
                    end_access(sessions, &tx, &user.to_string()).await?;
                }
                if !is_changed {
                    return Ok(false);
                }
                // What the user had ended with the status, and does not return.
                let action = if is_active {
                    "user.enable"
                } else {
                    "user.disable"
                };
                target.audit.append(&tx, target.entry(action)).await?;
                Ok::<_, Error>(true)
            }
        })
        .await
        .map_err(|error: Error| StartError::with_cause("the user cannot be changed", error))?;
    let (username, status) = (target.user.username.expose(), format!("{action}d"));
    if !is_changed {
        return Err(StartError::new(format!("{username} is already {status}")));
    }
    let document = json!({ "username": username, "status": status });
    run.console
        .print(&format!("{username} is {status}"), &document);
    Ok(())
}

/// The user of a command, and the stores in which it changes the user.
struct Target {
    database: Database,
    users: Users,
    audit: AuditLog,
    user: User,
}

impl Target {
    /// Returns an entry of the audit log about the user.
    fn entry(&self, action: &'static str) -> AuditEntry {
        AuditEntry::new(action)
            .actor(OPERATOR)
            .target("user", self.user.id.to_string())
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
    let users = Users::new(keys);
    let username = argument(arguments, "username");
    let user = users.by_name(&database, &username).await;
    let user = user.map_err(|error| StartError::with_cause("the user cannot be read", error))?;
    let user = user.ok_or_else(|| StartError::new("there is no user with this name"))?;
    Ok(Target {
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
