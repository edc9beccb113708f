use std::{io, path::PathBuf, process::ExitCode};

use clap::{Arg, ArgAction, Command, value_parser};
use seaworthy_config::ConfigErrors;
use seaworthy_core::error_causes;
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use super::PlatformArguments;
use crate::{
    command::{output, status},
    start_error::StartError,
};

/// The services of a platform, which one program starts and stops.
pub trait PlatformServices: Sized {
    /// Starts all services.
    ///
    /// # Errors
    /// [`StartError`] of the first service that fails. The services that already run are stopped.
    fn start(arguments: &PlatformArguments) -> impl Future<Output = Result<Self, StartError>>;

    /// Creates the sample data that is missing. The program does not call it with `--empty`.
    ///
    /// # Errors
    /// [`StartError`] if data is missing. The program prints it as a warning, and the services run.
    fn seed(&self) -> impl Future<Output = Result<(), StartError>>;

    /// Returns the text that the program prints when all services run, such as their addresses.
    fn summary(&self) -> String;

    /// Stops all services. Returns the work that was aborted.
    fn stop(self) -> impl Future<Output = Vec<String>>;
}

/// The program of a platform: its command line, its signals and its exit statuses, which are those
/// of every service.
#[derive(Debug, Clone)]
pub struct PlatformProgram {
    name: &'static str,
    version: &'static str,
    about: &'static str,
    example: &'static str,
}

impl PlatformProgram {
    /// Creates a program with the name of its binary and its version. Its data is in `data/NAME`.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            about: "All services of a platform in one process",
            example: "SERVICE.server.http.addr=127.0.0.1:8080",
        }
    }

    /// Sets the description in the help.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Sets the example of `--set` in the help, such as `orders.log.level=debug`.
    #[must_use]
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// Parses a command line, including the name of the program.
    ///
    /// # Errors
    /// The help text, or a description of the invalid argument.
    pub fn parse(
        &self,
        line: impl IntoIterator<Item = String>,
    ) -> Result<PlatformArguments, clap::Error> {
        let mut matches = self.command().try_get_matches_from(line)?;
        let data = matches.remove_one::<PathBuf>("data");
        Ok(PlatformArguments {
            data: data.unwrap_or_else(|| self.data().into()),
            set: matches.remove_many("set").into_iter().flatten().collect(),
            free_ports: matches.get_flag("free-ports"),
            empty: matches.get_flag("empty"),
        })
    }

    /// Starts the services and stops them at SIGTERM or SIGINT. A second signal skips the rest of
    /// the stop.
    #[must_use]
    pub fn main<P: PlatformServices>(&self) -> ExitCode {
        let arguments = match self.parse(std::env::args()) {
            Ok(arguments) => arguments,
            Err(error) => {
                let _ = error.print();
                return match error.use_stderr() {
                    true => status::USAGE.into(),
                    false => ExitCode::SUCCESS,
                };
            }
        };
        let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                return fail(&StartError::with_cause(
                    "the runtime cannot be started",
                    error,
                ));
            }
        };
        let served = runtime.block_on(serve::<P>(&arguments));
        // A handler that never yields must not delay the exit.
        runtime.shutdown_background();
        served.unwrap_or_else(|error| fail(&error))
    }

    /// Returns the default data directory, which version control ignores.
    fn data(&self) -> String {
        format!("data/{}", self.name)
    }

    fn command(&self) -> Command {
        Command::new(self.name)
            .about(self.about)
            .version(self.version)
            .arg(
                Arg::new("data")
                    .long("data")
                    .value_name("PATH")
                    .value_parser(value_parser!(PathBuf))
                    .default_value(self.data())
                    .help("The directory of all databases and secrets"),
            )
            .arg(
                Arg::new("set")
                    .long("set")
                    .value_name("SERVICE.KEY=VALUE")
                    .action(ArgAction::Append)
                    .help(format!(
                        "A setting of one service, such as {}",
                        self.example
                    )),
            )
            .arg(
                Arg::new("free-ports")
                    .long("free-ports")
                    .action(ArgAction::SetTrue)
                    .help("Listen on free ports instead of the default ones"),
            )
            .arg(
                Arg::new("empty")
                    .long("empty")
                    .action(ArgAction::SetTrue)
                    .help("Start without sample data"),
            )
    }
}

async fn serve<P: PlatformServices>(arguments: &PlatformArguments) -> Result<ExitCode, StartError> {
    let mut signals = StopSignals::listen()
        .map_err(|error| StartError::with_cause("signal handlers cannot be installed", error))?;
    let platform = tokio::select! {
        started = P::start(arguments) => started?,
        () = signals.stop() => return Ok(ExitCode::SUCCESS),
    };
    let is_stopping = tokio::select! {
        () = seed(&platform, arguments.empty) => false,
        () = signals.stop() => true,
    };
    if !is_stopping {
        output::text(&platform.summary());
        signals.stop().await;
    }
    let unfinished = tokio::select! {
        unfinished = platform.stop() => unfinished,
        () = signals.stop() => vec!["the stop itself".to_owned()],
    };
    if unfinished.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    output::stderr(&format!(
        "error: the stop aborted {}\n",
        unfinished.join(", ")
    ));
    Ok(status::ABORTED.into())
}

/// Creates the sample data. A failure does not stop the platform.
async fn seed(platform: &impl PlatformServices, is_disabled: bool) {
    if is_disabled {
        return;
    }
    if let Err(error) = platform.seed().await {
        output::stderr(&format!("warning: {}\n", causes(&error)));
    }
}

fn fail(error: &StartError) -> ExitCode {
    output::stderr(&format!("error: {}\n", causes(error)));
    match error_causes(error).any(|cause| cause.is::<ConfigErrors>()) {
        true => status::CONFIGURATION.into(),
        false => status::FAILURE.into(),
    }
}

fn causes(error: &StartError) -> String {
    error.chain().join("\n  caused by: ")
}

/// The signals that request a stop.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_defaults_and_options_conf_1() {
        let parse = |arguments: &[&str]| {
            let line = std::iter::once("shop").chain(arguments.iter().copied());
            PlatformProgram::new("shop", "1.0.0").parse(line.map(str::to_owned))
        };
        let default = parse(&[]).unwrap();
        assert_eq!(default.data, PathBuf::from("data/shop"));
        assert!(!default.free_ports && !default.empty && default.set.is_empty());
        let other = parse(&[
            "--data", "/tmp/x", "--set", "bff.a=1", "--set", "auth.b=2", "--empty",
        ])
        .unwrap();
        assert_eq!(other.data, PathBuf::from("/tmp/x"));
        assert_eq!(other.set, ["bff.a=1", "auth.b=2"]);
        assert!(other.empty && !other.free_ports);
        assert!(parse(&["--free-ports"]).unwrap().free_ports);
        assert!(parse(&["--colour", "red"]).is_err());
    }
}
