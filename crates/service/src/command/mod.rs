//! The command line of every service binary.

mod arguments;
mod config;
mod custom;
mod describe;
mod health;
mod health_tls;
pub(crate) mod output;
mod serve;
pub(crate) mod status;

use clap::{CommandFactory as _, FromArgMatches as _};
use seaworthy_config::{Environment, Loader, Profile, Settings};

use self::arguments::{Arguments, Command, Format, SettingsArguments};
pub use self::custom::{CommandRun, Commands, Console, ServiceCommand};
use crate::{
    assembly::Assembly, aws::AwsSource, service::Service, start_error::StartError,
    vault::VaultSource,
};

/// Runs the command of the command line.
pub(crate) fn run<C, A>(service: &Service, commands: Commands<C>, assemble: A) -> u8
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    let identity = &service.identity;
    let name: String = identity.name().to_owned();
    let names = commands.definitions();
    let names = names.map(|own| own.get_name().to_owned()).collect();
    let command = Arguments::command()
        .name(name.clone())
        .bin_name(name)
        .about("A Seaworthy service.")
        .subcommands(commands.definitions().cloned());
    let matches = match command.try_get_matches_from(arguments::of_process()) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    if let Some((name, own)) = matches.subcommand()
        && let Some(command) = commands.take(name)
    {
        let format = matches.get_one("format").copied().unwrap_or(Format::Text);
        return match SettingsArguments::from_arg_matches(&matches) {
            Ok(settings) => custom::run(identity, loader(service, &settings), format, command, own),
            Err(error) => usage(&error),
        };
    }
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let started = SettingsArguments {
        profile: Some(Profile::Test),
        config: None,
        set: Vec::new(),
    };
    let started = loader(service, &started);
    let loader = loader(service, &arguments.settings);
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let loader = service.checks.add_to(loader);
            serve::run(
                identity,
                loader,
                service.early(),
                arguments.format,
                assemble,
            )
        }
        Command::Config { command } => {
            config::run::<C>(service, &loader, arguments.format, &command)
        }
        Command::Health { probe } => health::run::<C>(&loader, arguments.format, probe),
        Command::Describe { with } => {
            let loaders = describe::Loaders {
                described: loader,
                started: started.overrides(
                    with.into_iter()
                        .map(|(key, value)| format!("{key}={value}")),
                ),
            };
            describe::run(identity, loaders, arguments.format, names, assemble)
        }
        Command::Version => output::line(&format!("{} {}", identity.name(), identity.version())),
    }
}

/// Prints the usage error, or the requested help.
fn usage(error: &clap::Error) -> u8 {
    let _ = error.print();
    if error.use_stderr() {
        status::USAGE
    } else {
        status::SUCCESS
    }
}

fn loader(service: &Service, arguments: &SettingsArguments) -> Loader {
    let environment = Environment::from_process();
    let mut loader = service
        .prepare(Loader::new(service.identity.name()))
        .secret_source(VaultSource::new(&environment))
        .secret_source(AwsSource::new(&environment))
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
        Some(file) if file.is_file() => loader.file(file),
        Some(folder) => loader.directory(folder),
        None => loader,
    }
}

#[cfg(test)]
mod tests;
