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

use super::{Target, find_user};
use crate::{accounts::password::check_password, config::StarterConfig};

/// Maximum length of the line with the password, in bytes. The policy accepts less.
const MAX_LINE: u64 = 1_024;

/// Returns the command `users disable|enable|unlock|remove-totp|set-password USERNAME`.
pub(crate) fn users_command() -> ServiceCommand<StarterConfig> {
    let change = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(Arg::new("username").required(true))
    };
    let command = Command::new("users")
        .about("Disable, enable and unlock users, and replace lost credentials.")
        .subcommand_required(true)
        .subcommand(change("disable", "Revoke all sessions and API keys of a user. The user cannot log in until `enable`."))
        .subcommand(change("enable", "Let a disabled user log in."))
        .subcommand(change("unlock", "Delete the counts of failed logins and wrong codes of a user."))
        .subcommand(change("remove-totp", "Remove the second factor of a user, and revoke all sessions and API keys. Verify the person first."))
        .subcommand(change("set-password", "Read a new password from standard input, and revoke all sessions and API keys of the user. Verify the person first."));
    ServiceCommand::new(command, move |run| {
        Box::pin(async move { change_user(&run).await })
    })
}

async fn change_user(run: &CommandRun<'_, StarterConfig>) -> Result<(), StartError> {
    let Some((action, arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `users ACTION USERNAME`"));
    };
    let password = match action {
        "set-password" => Some(read_password()?),
        _ => None,
    };
    let target = find_user(run, arguments).await?;
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
        .stores
        .database
        .transaction(|tx| async move {
            let (user, users, id) = (target.user.id, &target.stores.users, target.id());
            users.lock(&tx, user).await?;
            let is_changed = users.set_active(&tx, user, is_active).await?;
            // Another program may have disabled the user, and left the sessions and API keys.
            let is_ended = !is_active
                && (is_changed
                    || target.stores.sessions.has_any(&tx, &id).await?
                    || target.stores.api_keys.has_any(&tx, &id).await?);
            if is_ended {
                target.stores.sessions.revoke_access(&tx, &id).await?;
            }
            if !is_changed && !is_ended {
                return Ok(false);
            }
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
    let outcome = Outcome {
        status,
        changed: &format!("is {status}"),
        unchanged: &format!("is already {status}"),
    };
    outcome.report(run, target, is_changed)
}

async fn unlock(run: &CommandRun<'_, StarterConfig>, target: &Target) -> Result<(), StartError> {
    let is_changed = target
        .stores
        .database
        .transaction(|tx| async move {
            let account = target.stores.users.lockout_account(target.username());
            let has_failures = target.stores.lockout.reset(&tx, &account).await?;
            let has_wrong_codes = target.stores.factors.reset(&tx, &target.id()).await?;
            if !has_failures && !has_wrong_codes {
                return Ok(false);
            }
            let entry = target.entry("user.unlock");
            target.audit.append(&tx, entry).await?;
            Ok::<_, Error>(true)
        })
        .await
        .map_err(failed)?;
    let outcome = Outcome {
        status: "unlocked",
        changed: "is unlocked",
        unchanged: "has no failed logins and no wrong codes",
    };
    outcome.report(run, target, is_changed)
}

async fn remove_totp(
    run: &CommandRun<'_, StarterConfig>,
    target: &Target,
) -> Result<(), StartError> {
    let is_changed = target
        .stores
        .database
        .transaction(|tx| async move {
            let id = target.id();
            target.stores.users.lock(&tx, target.user.id).await?;
            // An unconfirmed enrollment has no effect on logins.
            if !target.stores.factors.is_confirmed(&tx, &id).await? {
                return Ok(false);
            }
            target.stores.factors.remove(&tx, &id).await?;
            // An attacker with the authenticator application may have a session.
            target.stores.sessions.revoke_access(&tx, &id).await?;
            let entry = target.entry("totp.remove");
            target.audit.append(&tx, entry).await?;
            Ok::<_, Error>(true)
        })
        .await
        .map_err(failed)?;
    let outcome = Outcome {
        status: "totp_removed",
        changed: "logs in without a second factor",
        unchanged: "has no second factor",
    };
    outcome.report(run, target, is_changed)
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
        .stores
        .database
        .transaction(|tx| {
            let hash = hash.as_str();
            async move {
                let (user, id) = (target.user.id, target.id());
                target.stores.users.lock(&tx, user).await?;
                target.stores.users.set_hash(&tx, user, hash).await?;
                target.stores.sessions.revoke_access(&tx, &id).await?;
                // An attacker who knows the previous password may have begun an enrollment.
                target.stores.factors.cancel_enrollment(&tx, &id).await?;
                // Attempts with the previous password must not lock the owner out.
                let account = target.stores.users.lockout_account(target.username());
                target.stores.lockout.reset(&tx, &account).await?;
                target.stores.factors.reset(&tx, &id).await?;
                let entry = target.entry("password.set");
                target.audit.append(&tx, entry).await?;
                Ok::<_, Error>(())
            }
        })
        .await
        .map_err(failed)?;
    let outcome = Outcome {
        status: "password_set",
        changed: "has a new password",
        unchanged: "",
    };
    outcome.report(run, target, true)
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
        return Err(StartError::new("standard input is empty"));
    }
    Ok(Secret::new(line))
}

fn failed(error: Error) -> StartError {
    StartError::with_cause("the user cannot be changed", error)
}

/// The texts of a command about its user.
struct Outcome<'a> {
    /// The new state, in the document.
    status: &'a str,
    changed: &'a str,
    unchanged: &'a str,
}

impl Outcome<'_> {
    /// Prints the new state of the user. A command that changed nothing fails.
    fn report(
        &self,
        run: &CommandRun<'_, StarterConfig>,
        target: &Target,
        is_changed: bool,
    ) -> Result<(), StartError> {
        let username = target.username();
        if !is_changed {
            return Err(StartError::new(format!("{username} {}", self.unchanged)));
        }
        let document = json!({ "username": username, "status": self.status });
        run.console
            .print(&format!("{username} {}", self.changed), &document);
        Ok(())
    }
}
