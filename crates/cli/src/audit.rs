//! `seaworthy audit`.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use seaworthy_audit::report::{explanation, json, pretty, rule_list};
use seaworthy_audit::rule::{explain as find_rules, rules};
use seaworthy_audit::{AuditConfig, audit};

use crate::arguments::{Audit, AuditCommand, Format};

/// Exit statuses; CI depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing reached the threshold.
    Clean = 0,
    /// A finding reached the threshold.
    Threshold = 1,
    /// Wrong use.
    Usage = 2,
    /// Part of the repository was not read, or the report could not be written.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs the subcommand.
pub(crate) fn run(arguments: Audit) -> Exit {
    match arguments.command {
        Some(AuditCommand::Explain { id }) => explain(&id),
        Some(AuditCommand::Rules) => finish(
            rule_list(rules())
                .map_err(Into::into)
                .and_then(|text| print(&text)),
            Exit::Clean,
        ),
        None => report(&arguments),
    }
}

/// Explains a rule, or every rule of a promise.
pub(crate) fn explain(id: &str) -> Exit {
    let found = find_rules(id);
    if found.is_empty() {
        return complain(
            &format!("no rule has the ID `{id}`; `seaworthy audit rules` lists them"),
            Exit::Usage,
        );
    }
    finish(
        found
            .into_iter()
            .try_for_each(|rule| print(&explanation(rule)?)),
        Exit::Clean,
    )
}

fn report(arguments: &Audit) -> Exit {
    let report = match audit(&arguments.path, &AuditConfig::default()) {
        Ok(report) => report,
        Err(error) => return complain(&error.to_string(), Exit::Usage),
    };
    let text = match arguments.format {
        Format::Pretty => pretty(&report).map_err(Box::<dyn Error>::from),
        Format::Json => json(&report).map(|text| text + "\n").map_err(Into::into),
    };
    let written = text.and_then(|text| match &arguments.output {
        Some(path) => std::fs::write(path, anstream::adapter::strip_str(&text).to_string())
            .map_err(Into::into),
        None => print(&text),
    });
    let exit = if report
        .worst()
        .is_some_and(|worst| worst >= arguments.fail_on)
    {
        Exit::Threshold
    } else if report.incomplete.is_empty() {
        Exit::Clean
    } else {
        Exit::Incomplete
    };
    finish(written, exit)
}

/// Prints with colours where the terminal shows them. A reader that went away (`| head`) is no failure.
fn print(text: &str) -> Result<(), Box<dyn Error>> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn finish(done: Result<(), Box<dyn Error>>, exit: Exit) -> Exit {
    match done {
        Ok(()) => exit,
        Err(error) => complain(
            &format!("the report could not be written: {error}"),
            Exit::Incomplete,
        ),
    }
}

fn complain(message: &str, exit: Exit) -> Exit {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(anstream::stderr(), "seaworthy: {message}");
    exit
}
