use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use seaworthy::{
    config::ConfigErrors,
    core::{error_causes, error_chain},
    prelude::StartError,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Arguments, DataDirectory, Platform, PlatformOptions, seed::seed};

/// Exit statuses, the same as those of every service.
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const ABORTED: u8 = 75;
const CONFIGURATION: u8 = 78;

/// Runs the program `city-events`. It starts all services and stops them at SIGTERM or SIGINT.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return match error.use_stderr() {
                true => USAGE.into(),
                false => ExitCode::SUCCESS,
            };
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&StartError::because("the runtime cannot be started", error)),
    };
    let status = runtime.block_on(serve(arguments));
    runtime.shutdown_background();
    status
}

async fn serve(arguments: Arguments) -> ExitCode {
    let mut stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => {
            return fail(&StartError::because(
                "signal handlers cannot be installed",
                error,
            ));
        }
    };
    let options = PlatformOptions {
        set: arguments.set,
        free_ports: arguments.free_ports,
        profile: None,
    };
    let started = async {
        let directory = DataDirectory::open(arguments.data)?;
        let platform = Platform::start(&directory, &options).await?;
        Ok::<_, StartError>((directory, platform))
    };
    let (directory, platform) = tokio::select! {
        started = started => match started {
            Ok(started) => started,
            Err(error) => return fail(&error),
        },
        () = stop.requested() => return ExitCode::SUCCESS,
    };
    let is_stopping = tokio::select! {
        () = seed_once(&directory, &platform, arguments.empty) => false,
        () = stop.requested() => true,
    };
    if !is_stopping {
        print_addresses(&directory, &platform);
        stop.requested().await;
    }
    let unfinished = tokio::select! {
        unfinished = platform.stop() => unfinished,
        // A second signal skips the rest of the stop.
        () = stop.requested() => vec!["the stop itself".to_owned()],
    };
    if unfinished.is_empty() {
        return ExitCode::SUCCESS;
    }
    print_error(&format!(
        "error: the stop aborted {}",
        unfinished.join(", ")
    ));
    ABORTED.into()
}

/// Creates the sample data in an empty platform. A failure does not stop the platform.
async fn seed_once(directory: &DataDirectory, platform: &Platform, is_disabled: bool) {
    if is_disabled || directory.is_seeded() {
        return;
    }
    if !platform.is_on_loopback() {
        tracing::warn!(
            "sample users are not created: their password is public, and other machines can reach the platform"
        );
        return;
    }
    let Some(gateway) = platform.addresses("bff") else {
        return;
    };
    let seeded = match seed(gateway.http).await {
        Ok(()) => directory.set_seeded().map_err(Into::into),
        Err(error) => Err(error),
    };
    if let Err(error) = seeded {
        tracing::warn!(
            error = error_chain(&error),
            "the sample data is incomplete: the next start continues"
        );
    }
}

fn print_addresses(directory: &DataDirectory, platform: &Platform) {
    let mut text = String::from("\n  City Events is running.\n\n");
    if let Some(gateway) = platform.addresses("bff") {
        text.push_str(&format!("    Open       http://{}\n", gateway.http));
        if platform.is_on_loopback() {
            text.push_str(&format!(
                "    Sign in    user@example.com, moderator@example.com, admin@example.com; password: {}\n",
                city_events_auth::SEED_PASSWORD
            ));
        }
    }
    if let Some(email) = platform.addresses("email") {
        text.push_str(&format!("    Mailbox    http://{}/mailbox\n", email.http));
    }
    text.push_str(&format!(
        "    Data       {}\n\n",
        directory.path().display()
    ));
    for (name, addresses) in platform.all_addresses() {
        let grpc = addresses
            .grpc
            .map(|grpc| format!("   gRPC {grpc}"))
            .unwrap_or_default();
        text.push_str(&format!(
            "    {name:<12} http://{}   admin http://{}{grpc}\n",
            addresses.http, addresses.admin
        ));
    }
    text.push_str("\n  Stop it with Ctrl-C.\n\n");
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn fail(error: &StartError) -> ExitCode {
    print_error(&format!("error: {}", error.chain().join("\n  caused by: ")));
    match is_configuration_error(error) {
        true => CONFIGURATION.into(),
        false => FAILURE.into(),
    }
}

fn is_configuration_error(error: &StartError) -> bool {
    error_causes(error).any(|cause| cause.is::<ConfigErrors>())
}

fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The signals that request a stop.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn requested(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
