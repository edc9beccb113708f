use std::fmt::Write as _;

use seaworthy_config::Settings;
use seaworthy_core::Timeout;
use seaworthy_service::{
    Assembly, CommandRun, ServiceCommand, StartError,
    clap::{Arg, ArgGroup, ArgMatches, Command, value_parser},
};
use serde_json::{Map, Value};

use super::{admin::scope, lint::lint, listing};
use crate::{Author, ChangeError, Changed, Flags, NewOverride};

/// Returns the command `flags list|tree|explain|set|unset|export|lint` of a service binary.
///
/// `open` starts and declares the flags as the service does.
///
/// ```
/// use seaworthy_flags::{Flags, FlagsConfig, flags_command};
/// use seaworthy_service::{Assembly, Commands, NoSettings, StartError};
///
/// async fn open(service: &Assembly<NoSettings>) -> Result<Flags, StartError> {
///     Flags::start(service, &FlagsConfig::default()).await
/// }
///
/// let commands = Commands::<NoSettings>::new().with(flags_command(open));
/// # drop(commands);
/// ```
pub fn flags_command<C: Settings>(
    open: impl AsyncFn(&Assembly<C>) -> Result<Flags, StartError> + 'static,
) -> ServiceCommand<C> {
    ServiceCommand::new(definition(), move |run| {
        Box::pin(async move {
            let flags = open(run.service).await?;
            execute(&run, &flags).await
        })
    })
}

fn definition() -> Command {
    let key = || Arg::new("key").required(true).help("The key of the flag.");
    let text = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    let change = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(key())
            .arg(text("reason", "The reason for the change, for the audit log.").required(true))
            .arg(text("actor", "Your name, for the audit log.").required(true))
            .arg(text("tenant", "Only for the callers of this tenant."))
            .arg(text("user", "Only for the user with this targeting key."))
            .group(ArgGroup::new("scope").args(["tenant", "user"]))
    };
    Command::new("flags")
        .about("Inspect feature flags, and override them at run time.")
        .subcommand_required(true)
        .subcommand(Command::new("list").about("List all flags with their overrides."))
        .subcommand(
            Command::new("explain")
                .about("Evaluate a flag and print the reason for its value.")
                .arg(key())
                .arg(
                    text("context", "A field of the context, as NAME=VALUE.")
                        .action(seaworthy_service::clap::ArgAction::Append),
                ),
        )
        .subcommand(
            change("set", "Override a flag by one of its variants.")
                .arg(Arg::new("variant").required(true).help("The variant."))
                .arg(
                    text(
                        "expires-in",
                        "When the override ends, such as 30m. At most 24h.",
                    )
                    .value_parser(value_parser!(Timeout)),
                ),
        )
        .subcommand(change("unset", "Remove an override."))
        .subcommand(
            Command::new("export")
                .about("Print all flags in flagd's format, or as a CSV table.")
                .arg(
                    text(
                        "csv",
                        "Print a CSV table of the flags and what they govern.",
                    )
                    .action(seaworthy_service::clap::ArgAction::SetTrue),
                ),
        )
        .subcommand(Command::new("tree").about("List the flags by domain, and what they govern."))
        .subcommand(
            Command::new("lint")
                .about("Check the flags. Exit with status 1 if there are findings."),
        )
}

async fn execute<C>(run: &CommandRun<'_, C>, flags: &Flags) -> Result<(), StartError> {
    match run.arguments.subcommand() {
        Some(("list", _)) => list(run, flags),
        Some(("explain", arguments)) => explain(run, flags, arguments),
        Some(("set", arguments)) => set(run, flags, arguments).await?,
        Some(("unset", arguments)) => {
            let (key, author, scope) = change(flags, arguments)?;
            let changed = flags.unset_override(&key, &scope, &author).await?;
            report(run, &changed);
        }
        Some(("tree", _)) => tree(run, flags),
        Some(("export", arguments)) if arguments.get_flag("csv") => {
            let table = flags.export_csv();
            run.console.print(table.trim_end(), &table);
        }
        Some(("export", _)) => {
            let document = listing::export(flags);
            run.console.print(&format!("{document:#}"), &document);
        }
        Some(("lint", _)) => {
            let findings = lint(flags);
            run.console.print(&findings.join("\n"), &findings);
            if !findings.is_empty() {
                return Err(StartError::new(format!("{} findings", findings.len())));
            }
        }
        _ => {}
    }
    Ok(())
}

fn list<C>(run: &CommandRun<'_, C>, flags: &Flags) {
    let listed = listing::list(flags);
    let mut text = String::new();
    for flag in &listed {
        let (kind, owner) = (
            flag.kind.unwrap_or("-"),
            flag.owner.as_deref().unwrap_or("-"),
        );
        let variants = flag.variants.join(",");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {kind}  {owner}  [{variants}]", flag.key);
        for set in &flag.overrides {
            let end = set
                .expires_at
                .map_or("-".to_owned(), |end| end.to_rfc3339());
            let _ = writeln!(
                text,
                "    {:?} = {} until {end} by {}: {}",
                set.scope, set.variant, set.actor, set.reason
            );
        }
    }
    run.console.print(&text, &listed);
}

fn tree<C>(run: &CommandRun<'_, C>, flags: &Flags) {
    let tree = flags.tree();
    let mut text = String::new();
    for (domain, features) in &tree {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{domain}");
        for feature in features {
            let state = if feature.is_enabled { "on" } else { "off" };
            let _ = writeln!(text, "  {}  {state}", feature.key);
            for (kind, items) in &feature.capabilities {
                let _ = writeln!(text, "    {}: {}", kind.as_str(), items.join(", "));
            }
        }
    }
    run.console.print(text.trim_end(), &tree);
}

fn explain<C>(run: &CommandRun<'_, C>, flags: &Flags, arguments: &ArgMatches) {
    let fields = arguments.get_many::<String>("context").unwrap_or_default();
    let fields = fields.filter_map(|field| field.split_once('='));
    // A value that is not JSON is a text.
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let fields: Map<_, _> = fields
        .map(|(name, text)| match name {
            "targetingKey" => (name.to_owned(), Value::from(text)),
            _ => (name.to_owned(), value(text)),
        })
        .collect();
    let context = listing::read_context(&Value::Object(fields)).unwrap_or_default();
    let explained = listing::explain(flags, &key(arguments), &context);
    run.console.print(&format!("{explained:#}"), &explained);
}

async fn set<C>(
    run: &CommandRun<'_, C>,
    flags: &Flags,
    arguments: &ArgMatches,
) -> Result<(), StartError> {
    let (key, author, scope) = change(flags, arguments)?;
    let variant = arguments.get_one::<String>("variant").cloned();
    let mut new = NewOverride::new(key, variant.unwrap_or_default()).scope(scope);
    if let Some(time) = arguments.get_one::<Timeout>("expires-in") {
        new = new.expires_in(*time);
    }
    let changed = flags.set_override(&new, &author).await?;
    report(run, &changed);
    Ok(())
}

/// Returns the key, the author and the scope of a change.
fn change(
    flags: &Flags,
    arguments: &ArgMatches,
) -> Result<(String, Author, crate::OverrideScope), StartError> {
    if !flags.0.runtime.store.is_shared() {
        return Err(StartError::new(
            "the changes of a command have no effect without a store: set the state directory of the flags, or pass a store to FlagsBuilder::store",
        ));
    }
    let text = |name: &str| arguments.get_one::<String>(name).cloned();
    let author = Author::new(text("reason").unwrap_or_default());
    let author = author.actor(text("actor").unwrap_or_default());
    Ok((key(arguments), author, scope(text("tenant"), text("user"))?))
}

fn key(arguments: &ArgMatches) -> String {
    let key = arguments.get_one::<String>("key").cloned();
    key.unwrap_or_default()
}

fn report<C>(run: &CommandRun<'_, C>, changed: &Changed) {
    let text = match changed.stored {
        true => format!("stored as version {}", changed.version),
        false => "not stored: the store does not respond".to_owned(),
    };
    run.console.print(&text, changed);
}

impl From<ChangeError> for StartError {
    fn from(error: ChangeError) -> Self {
        Self::with_cause("the flag cannot be changed", error)
    }
}
