//! Commands for operators.

use seaworthy::{
    account::{Sessions, TokenVersions},
    crypto::Root,
    data::{Database, DatabaseConfig},
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, ArgMatches, Command},
    },
};
use serde_json::json;

use crate::{
    config::StarterConfig,
    domain::User,
    store::{Keys, Users},
};

/// Selects the settings of the database.
type DatabaseSettings = fn(&StarterConfig) -> &DatabaseConfig;

/// Returns the command `roles grant USERNAME ROLE`, which makes the first administrator.
pub(crate) fn roles_command(
    name: &'static str,
    config: DatabaseSettings,
) -> ServiceCommand<StarterConfig> {
    let grant = Command::new("grant")
        .about("Grant a role to a user. The access tokens of the user become invalid.")
        .arg(Arg::new("username").required(true))
        .arg(Arg::new("role").required(true));
    let command = Command::new("roles")
        .about("Grant roles to users.")
        .subcommand_required(true)
        .subcommand(grant);
    ServiceCommand::new(command, move |run| {
        Box::pin(async move { grant_role(&run, name, config).await })
    })
}

/// Returns the command `users disable|enable USERNAME`.
pub(crate) fn users_command(
    name: &'static str,
    config: DatabaseSettings,
) -> ServiceCommand<StarterConfig> {
    let username = || Arg::new("username").required(true);
    let disable = Command::new("disable")
        .about("End all access of a user, who can no longer log in.")
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

async fn grant_role(
    run: &CommandRun<'_, StarterConfig>,
    name: &'static str,
    config: DatabaseSettings,
) -> Result<(), StartError> {
    let Some(("grant", arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `roles grant USERNAME ROLE`"));
    };
    let role = argument(arguments, "role");
    if !run.service.settings().auth.roles.contains_key(&role) {
        return Err(StartError::new(format!("auth.roles has no role {role:?}")));
    }
    let (database, users, user) = find_user(run, arguments, name, config).await?;
    database
        .transaction(|tx| {
            let (users, role) = (&users, role.as_str());
            async move {
                users.grant(&tx, user.id, role).await?;
                // The next token of the user has the permissions of the role.
                TokenVersions::raise(&tx, &user.id.to_string()).await?;
                Ok::<_, Error>(())
            }
        })
        .await
        .map_err(|error: Error| StartError::with_cause("the role cannot be granted", error))?;
    let username = user.username.expose();
    let document = json!({ "username": username, "role": role });
    run.console
        .print(&format!("{username} has the role {role}"), &document);
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
    let (database, users, user) = find_user(run, arguments, name, config).await?;
    let sessions = Sessions::new(database.clone(), run.service.settings().auth.sessions());
    database
        .transaction(|tx| {
            let (users, sessions, user) = (&users, &sessions, &user);
            async move {
                users.set_active(&tx, user.id, is_active).await?;
                let id = user.id.to_string();
                sessions.end_all(&tx, &id).await?;
                TokenVersions::raise(&tx, &id).await?;
                Ok::<_, Error>(())
            }
        })
        .await
        .map_err(|error: Error| StartError::with_cause("the user cannot be changed", error))?;
    let (username, status) = (user.username.expose(), format!("{action}d"));
    let document = json!({ "username": username, "status": status });
    run.console
        .print(&format!("{username} is {status}"), &document);
    Ok(())
}

/// Opens the database, and returns the user whom the arguments name.
async fn find_user(
    run: &CommandRun<'_, StarterConfig>,
    arguments: &ArgMatches,
    name: &'static str,
    config: DatabaseSettings,
) -> Result<(Database, Users, User), StartError> {
    let settings = run.service.settings();
    let root = Root::from_settings(run.service, &settings.kms)?;
    let database = Database::connect(run.service, name, config(settings), &[]).await?;
    let users = Users::new(Keys::open(&database, root, &settings.kms).await?);
    let username = argument(arguments, "username");
    let user = users.by_name(&database, &username).await;
    let user = user.map_err(|error| StartError::with_cause("the user cannot be read", error))?;
    let user = user.ok_or_else(|| StartError::new("there is no user with this name"))?;
    Ok((database, users, user))
}

fn argument(arguments: &ArgMatches, name: &str) -> String {
    let given = arguments.get_one::<String>(name);
    given.cloned().unwrap_or_default()
}
