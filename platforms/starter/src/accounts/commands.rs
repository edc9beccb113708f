use seaworthy::{
    account::TokenVersions,
    crypto::Root,
    data::{Database, DatabaseConfig},
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, Command},
    },
};
use serde_json::json;

use crate::{
    config::StarterConfig,
    store::{Keys, Users},
};

/// Returns the command `roles grant USERNAME ROLE`, which makes the first administrator.
pub(crate) fn roles_command(
    name: &'static str,
    config: fn(&StarterConfig) -> &DatabaseConfig,
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

async fn grant_role(
    run: &CommandRun<'_, StarterConfig>,
    name: &'static str,
    config: fn(&StarterConfig) -> &DatabaseConfig,
) -> Result<(), StartError> {
    let Some(("grant", arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `roles grant USERNAME ROLE`"));
    };
    let argument = |name: &str| {
        arguments
            .get_one::<String>(name)
            .cloned()
            .unwrap_or_default()
    };
    let (username, role) = (argument("username"), argument("role"));
    let settings = run.service.settings();
    if !settings.auth.roles.contains_key(&role) {
        return Err(StartError::new(format!("auth.roles has no role {role:?}")));
    }
    let root = Root::from_settings(run.service, &settings.kms)?;
    let database = Database::connect(run.service, name, config(settings), &[]).await?;
    let users = Users::new(Keys::open(&database, root, &settings.kms).await?);
    let because = |error: Error| StartError::because("the role cannot be granted", error);
    let user = users.by_name(&database, &username).await.map_err(because)?;
    let user = user.ok_or_else(|| StartError::new("there is no user with this name"))?;
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
        .map_err(because)?;
    let document = json!({ "username": username, "role": role });
    run.console
        .answer(&format!("{username} has the role {role}"), &document);
    Ok(())
}
