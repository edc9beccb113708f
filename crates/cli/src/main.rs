//! The `seaworthy` command.

mod arguments;
mod audit;
mod destination;
mod exit;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap; only a wrong use is one to the caller.
            let wrong = error.use_stderr();
            let shown = error.print().is_ok();
            return if wrong || !shown {
                exit::Exit::Usage.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match arguments.command {
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Explain { id } => audit::explain(&id),
    }
    .into()
}
