use std::io::{BufRead as _, IsTerminal as _, Read as _};

use seaworthy::{
    auth::password::{PasswordPolicy, Passwords},
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, Command},
    },
};
use serde_json::json;

use super::{DatabaseSettings, Target, find_user};
use crate::{
    accounts::{password::check_password, refresh::end_access},
    config::StarterConfig,
};

/// Longer than any password that the policy accepts.
const MAX_LINE: u64 = 1_024;

/// Returns the command `users disable|enable|unlock|remove-totp|set-password USERNAME`.
pub(crate) fn users_command(
    name: &'static str,
    config: DatabaseSettings,
) -> ServiceCommand<StarterConfig> {
    let change = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(Arg::new("username").required(true))
    };
    let command = Command::new("users")
        .about("Disable, enable and unlock users, and replace lost credentials.")
        .subcommand_required(true)
        .subcommand(change("disable", "End all sessions and API keys of a user, who cannot log in until `enable`."))
        .subcommand(change("enable", "Let a disabled user log in."))
        .subcommand(change("unlock", "Delete the counts of failed logins and wrong codes of a user."))
        .subcommand(change("remove-totp", "Remove the second factor of a user, and end all sessions and API keys. Verify the person first."))
        .subcommand(change("set-password", "Read a new password from standard input, and end all sessions and API keys of the user. Verify the person first."));
    ServiceCommand::new(command, move |run| {
        Box::pin(async move { change_user(&run, name, config).await })
    })
}

async fn change_user(
    run: &CommandRun<'_, StarterConfig>,
    name: &'static str,
    config: DatabaseSettings,
) -> Result<(), StartError> {
    let Some((action, arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `users ACTION USERNAME`"));
    };
    let password = match action {
        "set-password" => Some(read_password()?),
        _ => None,
    };
    let target = find_user(run, arguments, name, config).await?;
    match (action, password) {
        (_, Some(password)) => set_password(run, &target, password).await,
        ("unlock", None) => unlock(run, &target).await,
        ("remove-totp", None) => remove_totp(run, &target).await,
        (action, None) => set_status(run, &target, action == "enable").await,
    }
}

async fn set_status(
    run: &CommandRun<'_, StarterConfig>,
    target: &Target,
    is_active: bool,
) -> Result<(), StartError> {
    let is_changed = target
        .database
        .transaction(|tx| async move {
            let (user, users) = (target.user.id, &target.users);
            let is_changed = users.set_active(&tx, user, is_active).await?;
            if !is_active {
                // Another program may have changed the status and nothing else.
                end_access(&target.sessions, &tx, &target.id()).await?;
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
        })
        .await
        .map_err(failed)?;
    let status = if is_active { "enabled" } else { "disabled" };
    let unchanged = format!("is already {status}");
    report(
        run,
        target,
        is_changed,
        status,
        &format!("is {status}"),
        &unchanged,
    )
}

async fn unlock(run: &CommandRun<'_, StarterConfig>, target: &Target) -> Result<(), StartError> {
    let is_changed = target
        .database
        .transaction(|tx| async move {
            let account = target.username().to_lowercase();
            let has_failures = target.lockout.reset(&tx, &account).await?;
            let has_wrong_codes = target.factors.reset(&tx, &target.id()).await?;
            if !has_failures && !has_wrong_codes {
                return Ok(false);
            }
            let entry = target.entry("user.unlock");
            target.audit.append(&tx, entry).await?;
            Ok::<_, Error>(true)
        })
        .await
        .map_err(failed)?;
    let unchanged = "has no failed logins and no wrong codes";
    report(
        run,
        target,
        is_changed,
        "unlocked",
        "is unlocked",
        unchanged,
    )
}

async fn remove_totp(
    run: &CommandRun<'_, StarterConfig>,
    target: &Target,
) -> Result<(), StartError> {
    let is_changed = target
        .database
        .transaction(|tx| async move {
            // The order of `confirm_totp`.
            target.users.lock(&tx, target.user.id).await?;
            if !target.factors.remove(&tx, &target.id()).await? {
                return Ok(false);
            }
            // A thief of the application may have a session.
            end_access(&target.sessions, &tx, &target.id()).await?;
            let entry = target.entry("totp.remove");
            target.audit.append(&tx, entry).await?;
            Ok::<_, Error>(true)
        })
        .await
        .map_err(failed)?;
    let unchanged = "has no second factor";
    report(
        run,
        target,
        is_changed,
        "totp_removed",
        unchanged,
        unchanged,
    )
}

async fn set_password(
    run: &CommandRun<'_, StarterConfig>,
    target: &Target,
    password: Secret<String>,
) -> Result<(), StartError> {
    let unusable = |error| StartError::with_cause("the password cannot be used", error);
    let settings = &run.service.settings().auth;
    let policy = PasswordPolicy::new(settings.password_policy());
    check_password(&policy, &password, target.username()).map_err(unusable)?;
    let passwords = Passwords::start(&settings.passwords, run.service.metrics())
        .map_err(|error| StartError::with_cause("passwords cannot be hashed", error))?;
    let hash = passwords.hash(password).await.map_err(unusable)?;
    target
        .database
        .transaction(|tx| {
            let hash = hash.as_str();
            async move {
                let (user, id) = (target.user.id, target.id());
                target.users.set_hash(&tx, user, hash).await?;
                end_access(&target.sessions, &tx, &id).await?;
                // An attacker who knows the previous password may have begun an enrollment.
                target.factors.cancel_enrollment(&tx, &id).await?;
                // Attempts with the previous password must not lock the owner out.
                let account = target.username().to_lowercase();
                target.lockout.reset(&tx, &account).await?;
                target.factors.reset(&tx, &id).await?;
                let entry = target.entry("password.set");
                target.audit.append(&tx, entry).await?;
                Ok::<_, Error>(())
            }
        })
        .await
        .map_err(failed)?;
    report(run, target, true, "password_set", "has a new password", "")
}

/// Reads a password from the first line of standard input.
fn read_password() -> Result<Secret<String>, StartError> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let problem = "pass the new password on standard input, such as from a file: a terminal would show it";
        return Err(StartError::new(problem));
    }
    let mut line = String::new();
    input
        .lock()
        .take(MAX_LINE)
        .read_line(&mut line)
        .map_err(|error| StartError::with_cause("standard input cannot be read", error))?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    if line.is_empty() {
        return Err(StartError::new("standard input has no password"));
    }
    Ok(Secret::new(line))
}

fn failed(error: Error) -> StartError {
    StartError::with_cause("the user cannot be changed", error)
}

/// Prints the new state of the user. A command that changed nothing fails.
fn report(
    run: &CommandRun<'_, StarterConfig>,
    target: &Target,
    is_changed: bool,
    status: &str,
    changed: &str,
    unchanged: &str,
) -> Result<(), StartError> {
    let username = target.username();
    if !is_changed {
        return Err(StartError::new(format!("{username} {unchanged}")));
    }
    let document = json!({ "username": username, "status": status });
    run.console
        .print(&format!("{username} {changed}"), &document);
    Ok(())
}
