use std::fmt;

use clap::ArgMatches;
use futures::future::LocalBoxFuture;
use seaworthy_config::Settings;

use super::Console;
use crate::{Assembly, StartError};

type Work<C> =
    Box<dyn for<'r> FnOnce(CommandRun<'r, C>) -> LocalBoxFuture<'r, Result<(), StartError>>>;

/// A command of a service binary.
///
/// It runs with the settings, the profile and the preflight of the service, but does not open
/// listeners. When it ends, the components that it connected stop in order.
///
/// ```
/// use seaworthy_service::{CommandRun, Commands, NoSettings, ServiceCommand, StartError, clap};
///
/// async fn greet(run: CommandRun<'_, NoSettings>) -> Result<(), StartError> {
///     let name = run.arguments.get_one::<String>("name").map_or("you", String::as_str);
///     run.console.print(&format!("Hello, {name}!"), &serde_json::json!({ "greeted": name }));
///     Ok(())
/// }
///
/// let definition = clap::Command::new("greet").about("Print a greeting.").arg(clap::Arg::new("name"));
/// let commands = Commands::new().with(ServiceCommand::new(definition, |run| Box::pin(greet(run))));
/// # drop(commands);
/// ```
pub struct ServiceCommand<C> {
    pub(super) definition: clap::Command,
    pub(super) work: Work<C>,
}

/// The context of a running command.
#[derive(Debug)]
pub struct CommandRun<'r, C> {
    /// The parts of the service, as for the assembly function. Added routes and workers do not run.
    pub service: &'r Assembly<C>,
    /// The arguments after the name of the command.
    pub arguments: &'r ArgMatches,
    /// The output.
    pub console: Console,
}

impl<C: Settings> ServiceCommand<C> {
    /// Creates a command. The name of the definition is the name of the command. An error is
    /// printed with its causes, and the exit status is 1.
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

/// The additional commands of a service binary.
#[derive(Debug)]
pub struct Commands<C>(pub(super) Vec<ServiceCommand<C>>);

impl<C> Commands<C> {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a command.
    #[must_use]
    pub fn with(mut self, command: ServiceCommand<C>) -> Self {
        self.0.push(command);
        self
    }

    pub(in crate::command) fn definitions(&self) -> impl Iterator<Item = &clap::Command> {
        self.0.iter().map(|command| &command.definition)
    }

    /// Returns the command with this name.
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
