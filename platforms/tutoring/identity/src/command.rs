use seaworthy::{
    account::Sessions,
    config::Settings,
    data::{Database, MigrationSet},
    messaging::Messaging,
    outbox::Outbox,
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, Command, value_parser},
    },
};

use crate::{
    AccountKind, Accounts, ActiveSessions, IdentityConfig,
    backend::{BROKER, DATABASE},
    snapshot::{publish, topics},
};

/// Returns the commands `accounts disable ID` and `accounts enable ID`. A disabled account has no
/// sessions and cannot log in. The arguments are those of
/// [`Identity::start`](crate::Identity::start).
#[must_use]
pub fn accounts_command<C: Settings>(
    kind: AccountKind,
    select: fn(&C) -> &IdentityConfig,
    migrations: &'static [MigrationSet],
) -> ServiceCommand<C> {
    let subcommand = |name: &'static str, about: &'static str| {
        let id = Arg::new("id")
            .required(true)
            .value_parser(value_parser!(Uuid));
        Command::new(name).about(about).arg(id)
    };
    let command = Command::new("accounts")
        .about("Disable and enable accounts.")
        .subcommand_required(true)
        .subcommand(subcommand(
            "disable",
            "Disable an account, and end its sessions.",
        ))
        .subcommand(subcommand("enable", "Enable a disabled account."));
    ServiceCommand::new(command, move |run| {
        Box::pin(set_disabled(run, kind, select, migrations))
    })
}

async fn set_disabled<C: Settings>(
    run: CommandRun<'_, C>,
    kind: AccountKind,
    select: fn(&C) -> &IdentityConfig,
    migrations: &'static [MigrationSet],
) -> Result<(), StartError> {
    let chosen = run.arguments.subcommand().and_then(|(name, arguments)| {
        let id = arguments.get_one::<Uuid>("id").copied()?;
        Some((name == "disable", id))
    });
    let Some((is_disabled, id)) = chosen else {
        return Err(StartError::new(
            "use `accounts disable ID` or `accounts enable ID`",
        ));
    };
    let config = select(run.service.settings());
    let database =
        Database::connect_for_command(run.service, DATABASE, &config.database, migrations).await?;
    let messaging = Messaging::connect(run.service, BROKER, &config.broker).await?;
    let publisher = messaging.publisher(topics(kind)).await?;
    // The command stores the event, and a replica of the service publishes it.
    let mut outbox = config.outbox.clone();
    outbox.relay.enabled = false;
    let outbox = Outbox::start(run.service, &database, publisher, &outbox).await?;
    let sessions = Sessions::new(database.clone(), config.sessions.clone());
    let active_sessions = ActiveSessions::new(config.redis.as_ref())?;
    let (outbox, sessions, active_sessions) = (&outbox, &sessions, &active_sessions);
    let user = id.to_string();
    let user = user.as_str();
    let changed = database
        .transaction(|tx| async move {
            if !Accounts::set_disabled(&tx, id, is_disabled).await? {
                return Ok(false);
            }
            if is_disabled {
                active_sessions.revoke_all(sessions, &tx, user).await?;
            }
            let account = Accounts::lock(&tx, id).await?;
            publish(outbox, kind, &tx, &account).await?;
            Ok::<_, Error>(true)
        })
        .await;
    let is_known =
        changed.map_err(|error| StartError::with_cause("the account cannot be changed", error))?;
    if !is_known {
        return Err(StartError::new(format!("no account has the ID {id}")));
    }
    tracing::info!(account = %id, is_disabled, "a command changed the state of an account");
    let state = if is_disabled { "disabled" } else { "enabled" };
    let document = json!({ "id": id, "isDisabled": is_disabled });
    run.console
        .print(&format!("the account {id} is {state}"), &document);
    Ok(())
}
