//! The command line that every service binary has.

mod arguments;
mod config;
mod health;
mod output;
mod serve;
mod status;

use clap::{CommandFactory as _, FromArgMatches as _};
use seaworthy_config::{Environment, Loader, Settings};
use seaworthy_core::ServiceIdentity;

use self::arguments::{Arguments, Command, SettingsArguments};
use crate::{assembly::Assembly, start_error::StartError, vault::VaultSource};

/// Does what the command line says.
pub(crate) fn run<C, A>(identity: &ServiceIdentity, assemble: A) -> u8
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    let name: String = identity.name().to_owned();
    let command = Arguments::command()
        .name(name.clone())
        .bin_name(name)
        .about("A Seaworthy service.");
    let arguments = command
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                status::USAGE
            } else {
                status::SUCCESS
            };
        }
    };
    let loader = loader(identity, &arguments.settings);
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(identity, loader, arguments.format, assemble),
        Command::Config { command } => {
            config::run::<C>(identity, &loader, arguments.format, &command)
        }
        Command::Health { probe } => health::run::<C>(&loader, arguments.format, probe),
        Command::Version => output::line(&format!("{} {}", identity.name(), identity.version())),
    }
}

fn loader(identity: &ServiceIdentity, arguments: &SettingsArguments) -> Loader {
    let environment = Environment::of_process();
    let mut loader = Loader::new(identity.name())
        .secret_source(VaultSource::new(&environment))
        .environment(environment)
        .overrides(
            arguments
                .set
                .iter()
                .map(|(key, value)| format!("{key}={value}")),
        );
    if let Some(profile) = arguments.profile {
        loader = loader.profile(profile);
    }
    match &arguments.config {
        Some(folder) => loader.directory(folder),
        None => loader,
    }
}

#[cfg(test)]
mod tests;
