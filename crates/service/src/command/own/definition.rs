use std::fmt;

use clap::ArgMatches;
use futures::future::LocalBoxFuture;
use seaworthy_config::Settings;

use super::Console;
use crate::{Assembly, StartError};

type Work<C> =
    Box<dyn for<'r> FnOnce(CommandRun<'r, C>) -> LocalBoxFuture<'r, Result<(), StartError>>>;

/// A command of a service binary: how it is called, and what it does.
///
/// It runs with the settings, the profile and the preflight of the service, but opens no listener. Whatever it connects is stopped in order when it ends.
///
/// ```
/// use seaworthy_service::{CommandRun, Commands, NoSettings, ServiceCommand, StartError, clap};
///
/// async fn greet(run: CommandRun<'_, NoSettings>) -> Result<(), StartError> {
///     let name = run.arguments.get_one::<String>("name").map_or("you", String::as_str);
///     run.console.answer(&format!("Hello, {name}!"), &serde_json::json!({ "greeted": name }));
///     Ok(())
/// }
///
/// let definition = clap::Command::new("greet").about("Greet somebody.").arg(clap::Arg::new("name"));
/// let commands = Commands::new().with(ServiceCommand::new(definition, |run| Box::pin(greet(run))));
/// # drop(commands);
/// ```
pub struct ServiceCommand<C> {
    pub(super) definition: clap::Command,
    pub(super) work: Work<C>,
}

/// What a command that runs has.
#[derive(Debug)]
pub struct CommandRun<'r, C> {
    /// The service's parts, as its assembly function gets them. Routes and workers that are handed over are not served.
    pub service: &'r Assembly<C>,
    /// The arguments after the command's name.
    pub arguments: &'r ArgMatches,
    /// Where its answer goes.
    pub console: Console,
}

impl<C: Settings> ServiceCommand<C> {
    /// A command by its definition, of which the name is what it is called by, and its work. An error is printed with its causes and is exit status 1.
    pub fn new(
        definition: clap::Command,
        work: impl for<'r> FnOnce(CommandRun<'r, C>) -> LocalBoxFuture<'r, Result<(), StartError>>
        + 'static,
    ) -> Self {
        Self {
            definition,
            work: Box::new(work),
        }
    }
}

impl<C> fmt::Debug for ServiceCommand<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("ServiceCommand")
            .field(&self.definition.get_name())
            .finish()
    }
}

/// The commands that a service binary has of its own.
#[derive(Debug)]
pub struct Commands<C>(pub(super) Vec<ServiceCommand<C>>);

impl<C> Commands<C> {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    #[must_use]
    pub fn with(mut self, command: ServiceCommand<C>) -> Self {
        self.0.push(command);
        self
    }

    /// How each is called.
    pub(in crate::command) fn definitions(&self) -> impl Iterator<Item = &clap::Command> {
        self.0.iter().map(|command| &command.definition)
    }

    /// The one of this name.
    pub(in crate::command) fn take(self, name: &str) -> Option<ServiceCommand<C>> {
        self.0
            .into_iter()
            .find(|command| command.definition.get_name() == name)
    }
}

impl<C> Default for Commands<C> {
    fn default() -> Self {
        Self::new()
    }
}
