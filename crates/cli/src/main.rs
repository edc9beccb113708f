//! The `seaworthy` command.

mod arguments;
mod audit;
mod deploy;
mod destination;
mod exit;
mod lint_logs;
mod pdf;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments::of_process()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap returns help and version as errors. They are not errors for the caller.
            let is_error = error.use_stderr();
            let is_printed = error.print().is_ok();
            return if is_error || !is_printed {
                exit::Exit::Usage.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match arguments.command {
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Deploy { command } => deploy::run(&command),
        Command::LintLogs(arguments) => lint_logs::run(&arguments),
        Command::Explain { id } => audit::explain(&id),
    }
    .into()
}
