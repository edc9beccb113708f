use chrono::DateTime;
use seaworthy_config::Settings;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{
    Assembly, CommandRun, ServiceCommand, StartError,
    clap::{Arg, ArgMatches, Command},
};

use crate::{
    AuditLog, AuditLogConfig, MIGRATIONS, RecordReference, ReferenceState, Verified,
    export::Selection,
};

/// Returns the command `audit-log verify|export` of a service binary. It does not migrate.
///
/// ```
/// use seaworthy_audit_log::{AuditLogConfig, audit_log_command};
/// use seaworthy_data::DatabaseConfig;
/// use seaworthy_service::Commands;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct EventsConfig { database: DatabaseConfig, audit_log: AuditLogConfig }
///
/// let commands = Commands::<EventsConfig>::new()
///     .with(audit_log_command("database", |settings| (&settings.database, &settings.audit_log)));
/// # drop(commands);
/// ```
pub fn audit_log_command<C: Settings>(
    name: &'static str,
    config: fn(&C) -> (&DatabaseConfig, &AuditLogConfig),
) -> ServiceCommand<C> {
    audit_log_command_with(async move |service: &Assembly<C>| {
        let (database, settings) = config(service.settings());
        let database =
            Database::connect_for_command(service, name, database, &[MIGRATIONS]).await?;
        AuditLog::new(database, settings)
    })
}

/// Returns the command as [`audit_log_command`] does, for a service whose key is not in its
/// settings. `open` opens the log as the service does.
///
/// ```
/// use seaworthy_audit_log::{AuditLog, AuditLogConfig, audit_log_command_with};
/// use seaworthy_core::Secret;
/// use seaworthy_data::{Database, DatabaseConfig};
/// use seaworthy_service::{Assembly, Commands, NoSettings, StartError};
///
/// async fn open(service: &Assembly<NoSettings>) -> Result<AuditLog, StartError> {
///     let config = DatabaseConfig::default();
///     let database = Database::connect_for_command(service, "database", &config, &[]).await?;
///     let key = Some(Secret::new(std::fs::read_to_string("audit-log.key").unwrap_or_default()));
///     AuditLog::new(database, &AuditLogConfig { key, ..AuditLogConfig::default() })
/// }
///
/// let commands = Commands::<NoSettings>::new().with(audit_log_command_with(open));
/// # drop(commands);
/// ```
pub fn audit_log_command_with<C: Settings>(
    open: impl AsyncFn(&Assembly<C>) -> Result<AuditLog, StartError> + 'static,
) -> ServiceCommand<C> {
    ServiceCommand::new(definition(), move |run| {
        Box::pin(async move {
            let log = open(run.service).await?;
            execute(&run, &log).await
        })
    })
}

fn definition() -> Command {
    let text = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    let time = |name: &'static str, help: &'static str| text(name, help).value_parser(microseconds);
    Command::new("audit-log")
        .about("Verify or print the audit log.")
        .subcommand_required(true)
        .subcommand(
            Command::new("verify")
                .about("Verify the whole chain: fail if a record was altered or is missing.")
                .arg(
                    text("reference", "NUMBER:HASH of an earlier verification or of the log of the service, to detect that the last records were removed.")
                        .value_parser(|text: &str| text.parse::<RecordReference>()),
                ),
        )
        .subcommand(
            Command::new("export")
                .about("Print records, the oldest first. With --format json, one document per line.")
                .arg(time("since", "From this time on (RFC 3339)."))
                .arg(time("until", "Before this time (RFC 3339)."))
                .arg(text("actor", "Only records of this actor."))
                .arg(text("action", "Only records of this action."))
                .arg(text("target", "Only records of the target with this identifier.")),
        )
}

fn microseconds(text: &str) -> Result<i64, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.timestamp_micros())
        .map_err(|error| format!("not a valid timestamp such as 2026-11-21T08:00:00Z: {error}"))
}

async fn execute<C>(run: &CommandRun<'_, C>, log: &AuditLog) -> Result<(), StartError> {
    match run.arguments.subcommand() {
        Some(("export", arguments)) => export(run, log, arguments).await,
        Some((_, arguments)) => verify(run, log, arguments).await,
        None => Ok(()),
    }
}

async fn verify<C>(
    run: &CommandRun<'_, C>,
    log: &AuditLog,
    arguments: &ArgMatches,
) -> Result<(), StartError> {
    let reference = arguments.get_one::<RecordReference>("reference");
    let reference = reference.map(|reference| (reference.sequence, reference.hash.as_str()));
    let verified = log
        .verify(reference)
        .await
        .map_err(|error| StartError::with_cause("the audit log is damaged", error))?;
    run.console.print(&line(&verified), &verified);
    match (verified.reference, reference) {
        // The operator requested the comparison, so its absence is an error.
        (Some(ReferenceState::Pruned), Some((sequence, _))) => Err(StartError::new(format!(
            "record {sequence} was pruned and cannot be compared: pass a later record to --reference"
        ))),
        _ => Ok(()),
    }
}

fn line(verified: &Verified) -> String {
    let pruned = match verified.pruned_sequence {
        0 => String::new(),
        sequence => format!(", pruned up to {sequence}"),
    };
    let mut other = String::new();
    for (name, last) in &verified.last_by_other_key {
        let is_set = !verified.keys_without_last.contains(name);
        let state = if is_set { "" } else { " (not set)" };
        other.push_str(&format!(
            ", the last record of the key {name} is {last}{state}"
        ));
    }
    if verified.beginning_by_other_key {
        other.push_str(", an additional key signed the beginning");
    }
    format!(
        "{} records verified{pruned}{other}, the last is {}:{}",
        verified.records, verified.last_sequence, verified.last_hash
    )
}

async fn export<C>(
    run: &CommandRun<'_, C>,
    log: &AuditLog,
    arguments: &ArgMatches,
) -> Result<(), StartError> {
    let text = |name: &str| arguments.get_one::<String>(name).cloned();
    let selection = Selection {
        since_us: arguments.get_one("since").copied(),
        until_us: arguments.get_one("until").copied(),
        actor: text("actor"),
        action: text("action"),
        target: text("target"),
    };
    let mut last = 0;
    loop {
        let page = log.select(&selection, last).await?;
        let Some(end) = page.last() else {
            return Ok(());
        };
        last = end.sequence;
        for record in &page {
            run.console.record(&record.line(), record);
        }
    }
}
