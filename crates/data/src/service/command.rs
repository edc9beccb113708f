use seaworthy_config::Settings;
use seaworthy_service::{
    CommandRun, ServiceCommand, StartError,
    clap::{Arg, ArgAction, ArgMatches, Command, value_parser},
};

use crate::{
    AdoptionReport, Database, DatabaseConfig, MigrationSet, MigrationState, MigrationStatus,
    Migrator, Step,
};

/// Returns the command `migrate up|down|status|verify|adopt` of a service binary (DATA-2).
///
/// ```
/// use seaworthy_data::{DatabaseConfig, MigrationSet, migrate_command};
/// use seaworthy_service::Commands;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// const MIGRATIONS: &[MigrationSet] = &[];
///
/// #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct OrdersConfig { database: DatabaseConfig }
///
/// let commands = Commands::<OrdersConfig>::new()
///     .with(migrate_command("database", |settings| &settings.database, MIGRATIONS));
/// # drop(commands);
/// ```
pub fn migrate_command<C: Settings>(
    name: &'static str,
    config: fn(&C) -> &DatabaseConfig,
    migrations: &'static [MigrationSet],
) -> ServiceCommand<C> {
    ServiceCommand::new(definition(), move |run| {
        Box::pin(migrate(run, name, config, migrations))
    })
}

fn definition() -> Command {
    let dry_run = || {
        Arg::new("dry-run")
            .long("dry-run")
            .action(ArgAction::SetTrue)
            .help("Print the statements without executing them")
    };
    Command::new("migrate")
        .about("Apply, undo or list the migrations of the database.")
        .subcommand_required(true)
        .subcommand(
            Command::new("up")
                .about("Apply the pending migrations.")
                .arg(dry_run()),
        )
        .subcommand(
            Command::new("down")
                .about("Undo the last migration.")
                .arg(
                    Arg::new("steps")
                        .long("steps")
                        .value_parser(value_parser!(u32).range(1..))
                        .default_value("1")
                        .help("Number of migrations to undo"),
                )
                .arg(dry_run()),
        )
        .subcommand(Command::new("status").about("List all migrations with their state."))
        .subcommand(
            Command::new("verify")
                .about("Fail unless the migrations of the database match this program."),
        )
        .subcommand(
            Command::new("adopt")
                .about("Take over the database of the legacy service, or change nothing.")
                .arg(dry_run().conflicts_with("undo"))
                .arg(
                    Arg::new("undo")
                        .long("undo")
                        .action(ArgAction::SetTrue)
                        .requires("discard-changes")
                        .help("Return the database to the legacy service as it was"),
                )
                .arg(
                    Arg::new("discard-changes")
                        .long("discard-changes")
                        .action(ArgAction::SetTrue)
                        .requires("undo")
                        .help("Confirm that changes since the adoption are lost"),
                ),
        )
}

async fn migrate<C: Settings>(
    run: CommandRun<'_, C>,
    name: &str,
    config: fn(&C) -> &DatabaseConfig,
    migrations: &[MigrationSet],
) -> Result<(), StartError> {
    let config = config(run.service.settings());
    let database = Database::connect_unverified(run.service, name, config).await?;
    let migrator = Migrator::new(&database, migrations);
    let is_dry = |arguments: &ArgMatches| arguments.get_flag("dry-run");
    match run.arguments.subcommand() {
        Some(("up", arguments)) => {
            let steps = migrator.up(is_dry(arguments)).await?;
            let text = describe_steps(&steps, is_dry(arguments), "applied");
            run.console.print(&text, &steps);
        }
        Some(("down", arguments)) => {
            let count = arguments.get_one("steps").copied().unwrap_or(1);
            let steps = migrator.down(count, is_dry(arguments)).await?;
            let text = describe_steps(&steps, is_dry(arguments), "undone");
            run.console.print(&text, &steps);
        }
        Some(("adopt", arguments)) if arguments.get_flag("undo") => {
            migrator.undo_adoption().await?;
            let text = "the database belongs to the legacy service again";
            run.console
                .print(text, &serde_json::json!({ "undone": true }));
        }
        Some(("adopt", arguments)) => {
            let report = migrator.adopt(is_dry(arguments)).await?;
            let text = describe_adoption(&report, is_dry(arguments));
            run.console.print(&text, &report);
        }
        Some(("status", _)) => {
            let all = migrator.status().await?;
            run.console.print(&describe_all(&all), &all);
        }
        _ => {
            migrator.verify().await?;
            let text = "the database matches this program";
            run.console
                .print(text, &serde_json::json!({ "verified": true }));
        }
    }
    Ok(())
}

fn describe_steps(steps: &[Step], is_dry: bool, done: &str) -> String {
    if steps.is_empty() {
        return "nothing to do".to_owned();
    }
    let mut text = String::new();
    for step in steps {
        let name = full_name(&step.set, step.version, &step.name);
        if is_dry {
            text.push_str(&format!("-- {name}\n"));
            for statement in &step.statements {
                text.push_str(statement);
                text.push_str(";\n");
            }
        } else {
            text.push_str(&format!("{done} {name}\n"));
        }
    }
    text
}

fn describe_adoption(report: &AdoptionReport, is_dry: bool) -> String {
    let mut text = String::new();
    for table in &report.tables {
        let sign = if is_dry { "-- " } else { "" };
        text.push_str(&format!("{sign}{}: {} rows\n", table.name, table.rows));
    }
    text.push_str(&describe_steps(&report.migrations, is_dry, "applied"));
    if is_dry {
        for statement in &report.statements {
            text.push_str(statement);
            text.push_str(";\n");
        }
    } else {
        text.push_str(&format!("adopted the database of {}\n", report.adoption));
    }
    text
}

fn describe_all(all: &[MigrationStatus]) -> String {
    let line = |status: &MigrationStatus| {
        let state = match status.state {
            MigrationState::Applied => "applied",
            MigrationState::Pending => "pending",
            MigrationState::Changed => "changed",
            MigrationState::Unfinished => "unfinished",
            MigrationState::Unknown => "unknown",
            MigrationState::Skipped => "skipped",
        };
        let name = full_name(&status.set, status.version, &status.name);
        format!("{state:<10} {name}\n")
    };
    all.iter().map(line).collect()
}

fn full_name(set: &str, version: u32, name: &str) -> String {
    if set.is_empty() {
        format!("{version} {name}")
    } else {
        format!("{set}/{version} {name}")
    }
}
