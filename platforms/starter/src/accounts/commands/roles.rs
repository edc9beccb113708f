use seaworthy::{
    account::TokenVersions,
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, Command},
    },
};
use serde_json::json;

use super::{argument, find_user};
use crate::config::StarterConfig;

/// Returns the command `roles grant|revoke USERNAME ROLE`, which makes the first administrator.
pub(crate) fn roles_command() -> ServiceCommand<StarterConfig> {
    let change = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(Arg::new("username").required(true))
            .arg(Arg::new("role").required(true))
    };
    let command = Command::new("roles")
        .about("Grant and revoke roles of users. A change revokes the access tokens and API keys of the user.")
        .subcommand_required(true)
        .subcommand(change("grant", "Grant a role to a user."))
        .subcommand(change("revoke", "Revoke a role of a user."));
    ServiceCommand::new(command, move |run| {
        Box::pin(async move { change_role(&run).await })
    })
}

async fn change_role(run: &CommandRun<'_, StarterConfig>) -> Result<(), StartError> {
    let Some((action, arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `roles grant|revoke USERNAME ROLE`"));
    };
    let role = argument(arguments, "role");
    let is_granted = action == "grant";
    // A role that was removed from the settings can be revoked.
    if is_granted && !run.service.settings().auth.roles.contains_key(&role) {
        return Err(StartError::new(format!("auth.roles has no role {role:?}")));
    }
    let target = find_user(run, arguments).await?;
    let is_changed = target
        .stores
        .database
        .transaction(|tx| {
            let (target, role) = (&target, role.as_str());
            async move {
                let (user, users) = (target.user.id, &target.stores.users);
                let (action, is_changed) = if is_granted {
                    ("role.grant", users.grant(&tx, user, role).await?)
                } else {
                    ("role.revoke", users.revoke(&tx, user, role).await?)
                };
                if !is_changed {
                    return Ok(false);
                }
                // Revoke the tokens, so that the next token has the changed permissions.
                TokenVersions::increment(&tx, &user.to_string()).await?;
                let entry = target.entry(action).detail("role", role);
                target.audit.append(&tx, entry).await?;
                Ok::<_, Error>(true)
            }
        })
        .await
        .map_err(|error: Error| StartError::with_cause("the roles cannot be changed", error))?;
    let username = target.username();
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
