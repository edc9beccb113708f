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
        dead_letter::{discard, list, retry, retry_all},
        status::status,
    },
};

/// The default number of dead letters in a list, a few screens of lines.
const DEFAULT_LIMIT: u32 = 100;

/// The command `outbox` of a service binary. It shows the state of the outbox, and lists, retries
/// and discards dead letters. It does not migrate. `name` and `config` select the database of the
/// outbox.
pub fn outbox_command<C: Settings>(
    name: &'static str,
    config: fn(&C) -> &DatabaseConfig,
) -> ServiceCommand<C> {
    let sequence = || {
        Arg::new("sequence")
            .help("The sequence number of the event, as shown by list.")
            .value_parser(value_parser!(i64))
    };
    let definition = Command::new("outbox")
        .about("Show pending events, and list, retry or discard dead letters.")
        .subcommand_required(true)
        .subcommand(
            Command::new("status").about("Show how many events are pending, and for how long."),
        )
        .subcommand(
            Command::new("list")
                .about("List dead letters and their problems, oldest first.")
                .arg(
                    Arg::new("limit")
                        .long("limit")
                        .help("The maximum number of dead letters.")
                        .value_parser(value_parser!(u32).range(1..=10_000)),
                ),
        )
        .subcommand(
            Command::new("retry")
                .about("Publish a dead letter again, or all of them.")
                .arg(
                    sequence()
                        .required_unless_present("all")
                        .conflicts_with("all"),
                )
                .arg(
                    Arg::new("all")
                        .long("all")
                        .num_args(0)
                        .help("Retry all dead letters."),
                ),
        )
        .subcommand(
            Command::new("discard")
                .about("Delete a dead letter. It is never published.")
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
    let database = Database::connect_for_command(run.service, name, config, &[MIGRATIONS]).await?;
    match run.arguments.subcommand() {
        Some(("list", arguments)) => print_dead_letters(&run, &database, arguments).await,
        Some(("retry", arguments)) => {
            let sequence = arguments.get_one::<i64>("sequence").copied();
            let count = match sequence {
                Some(sequence) => retry(&database, sequence).await?,
                None => retry_all(&database).await?,
            };
            print_count(&run, sequence, count, "will be published again")
        }
        Some(("discard", arguments)) => {
            let sequence = arguments.get_one::<i64>("sequence").copied();
            let count = discard(&database, sequence.unwrap_or_default()).await?;
            print_count(&run, sequence, count, "discarded")
        }
        _ => print_status(&run, &database).await,
    }
}

async fn print_status<C>(run: &CommandRun<'_, C>, database: &Database) -> Result<(), StartError> {
    let status = status(database).await?;
    let oldest = status.oldest.as_secs_f64();
    let (pending, dead_letters) = (status.pending, status.dead_letters);
    let text = format!(
        "pending events: {pending}, the oldest has waited {oldest:.1} s\ndead letters: {dead_letters}"
    );
    run.console.print(
        &text,
        &json!({
            "pending": status.pending,
            "dead_letters": status.dead_letters,
            "oldest_seconds": oldest,
        }),
    );
    Ok(())
}

async fn print_dead_letters<C>(
    run: &CommandRun<'_, C>,
    database: &Database,
    arguments: &ArgMatches,
) -> Result<(), StartError> {
    let limit = arguments.get_one("limit").copied().unwrap_or(DEFAULT_LIMIT);
    let dead_letters = list(database, limit).await?;
    let lines: Vec<String> = dead_letters
        .iter()
        .map(|letter| {
            format!(
                "{}  {}  {}  key {}  {} attempts  {}",
                letter.sequence,
                letter.id,
                letter.topic,
                letter.key.as_deref().unwrap_or("-"),
                letter.attempts,
                letter.problem.as_deref().unwrap_or_default()
            )
        })
        .collect();
    let text = if lines.is_empty() {
        "no dead letters".to_owned()
    } else {
        lines.join("\n")
    };
    run.console.print(&text, &dead_letters);
    Ok(())
}

fn print_count<C>(
    run: &CommandRun<'_, C>,
    sequence: Option<i64>,
    count: u64,
    outcome: &str,
) -> Result<(), StartError> {
    if let (Some(sequence), 0) = (sequence, count) {
        return Err(StartError::new(format!(
            "{sequence} is not the sequence number of a dead letter: list them with the command `outbox list`"
        )));
    }
    run.console.print(
        &format!("{} {outcome}", dead_letters(count)),
        &json!({ "events": count }),
    );
    Ok(())
}

fn dead_letters(count: u64) -> String {
    match count {
        1 => "1 dead letter".to_owned(),
        _ => format!("{count} dead letters"),
    }
}

#[cfg(test)]
mod tests {
    use super::dead_letters;

    #[test]
    fn count_of_one_dead_letter_is_singular() {
        assert_eq!(dead_letters(0), "0 dead letters");
        assert_eq!(dead_letters(1), "1 dead letter");
        assert_eq!(dead_letters(2), "2 dead letters");
    }
}
