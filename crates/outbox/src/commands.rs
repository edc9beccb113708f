use seaworthy_config::Settings;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{
    CommandRun, ServiceCommand, StartError,
    clap::{Arg, ArgMatches, Command, value_parser},
};
use serde_json::json;

use crate::{
    MIGRATIONS,
    store::{
        parked::{discard, list, release},
        status::status,
    },
};

/// As many as a screen holds, and some.
const LISTED: u32 = 100;

/// The command `outbox` of a service binary: how the outbox is, which events were set aside and why, and what is to become of them. It is in the database of this name, with these settings.
pub fn outbox_command<C: Settings>(
    name: &'static str,
    config: fn(&C) -> &DatabaseConfig,
) -> ServiceCommand<C> {
    let sequence = || {
        Arg::new("sequence")
            .help("The event's number, as the list tells it.")
            .value_parser(value_parser!(i64))
    };
    let definition = Command::new("outbox")
        .about("Look at the events that are to be published, and at those that were set aside.")
        .subcommand_required(true)
        .subcommand(Command::new("status").about("Tell how many events wait, and how long."))
        .subcommand(
            Command::new("list")
                .about("List the events that were set aside, and why.")
                .arg(
                    Arg::new("most")
                        .long("most")
                        .help("How many are listed at most.")
                        .value_parser(value_parser!(u32).range(1..=10_000)),
                ),
        )
        .subcommand(
            Command::new("retry")
                .about("Let the relays try an event again that was set aside, or all of them.")
                .arg(
                    sequence()
                        .required_unless_present("all")
                        .conflicts_with("all"),
                )
                .arg(Arg::new("all").long("all").num_args(0).help("All of them.")),
        )
        .subcommand(
            Command::new("discard")
                .about("Remove an event that was set aside. It is never published.")
                .arg(sequence().required(true)),
        );
    ServiceCommand::new(definition, move |run| Box::pin(outbox(run, name, config)))
}

async fn outbox<C: Settings>(
    run: CommandRun<'_, C>,
    name: &'static str,
    config: fn(&C) -> &DatabaseConfig,
) -> Result<(), StartError> {
    let config = config(run.service.settings());
    let database = Database::connect(run.service, name, config, &[MIGRATIONS]).await?;
    match run.arguments.subcommand() {
        Some(("list", arguments)) => listed(&run, &database, arguments).await,
        Some(("retry", arguments)) => {
            let sequence = arguments.get_one::<i64>("sequence").copied();
            let released = release(&database, sequence).await?;
            changed(&run, sequence, released, "to be tried again")
        }
        Some(("discard", arguments)) => {
            let sequence = arguments.get_one::<i64>("sequence").copied();
            let discarded = discard(&database, sequence.unwrap_or_default()).await?;
            changed(&run, sequence, discarded, "discarded")
        }
        _ => {
            let status = status(&database).await?;
            let text = format!(
                "{} events wait, the oldest for {:.1} s; {} were set aside",
                status.pending,
                status.oldest.as_secs_f64(),
                status.parked
            );
            run.console.answer(
                &text,
                &json!({ "pending": status.pending, "parked": status.parked, "oldest_seconds": status.oldest.as_secs_f64() }),
            );
            Ok(())
        }
    }
}

async fn listed<C>(
    run: &CommandRun<'_, C>,
    database: &Database,
    arguments: &ArgMatches,
) -> Result<(), StartError> {
    let most = arguments.get_one("most").copied().unwrap_or(LISTED);
    let parked = list(database, most).await?;
    let lines: Vec<String> = parked
        .iter()
        .map(|row| {
            format!(
                "{}  {}  {}  key {}  {} attempts  {}",
                row.sequence,
                row.id,
                row.topic,
                row.key.as_deref().unwrap_or("-"),
                row.attempts,
                row.problem.as_deref().unwrap_or_default()
            )
        })
        .collect();
    let text = if lines.is_empty() {
        "no event was set aside".to_owned()
    } else {
        lines.join("\n")
    };
    run.console.answer(&text, &parked);
    Ok(())
}

fn changed<C>(
    run: &CommandRun<'_, C>,
    sequence: Option<i64>,
    count: u64,
    what: &str,
) -> Result<(), StartError> {
    if let (Some(sequence), 0) = (sequence, count) {
        return Err(StartError::new(format!(
            "no event {sequence} was set aside"
        )));
    }
    run.console.answer(
        &format!("{count} events {what}"),
        &json!({ "events": count }),
    );
    Ok(())
}
