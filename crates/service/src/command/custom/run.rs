use std::{sync::Arc, sync::OnceLock};

use clap::ArgMatches;
use seaworthy_config::{Loader, Settings};
use seaworthy_core::ServiceIdentity;
use seaworthy_telemetry::logs::Level;
use tokio::runtime;

use super::{CommandRun, Console, ServiceCommand, stderr::Stderr};
use crate::{
    command::{arguments::Format, output, serve, status},
    kernel::{Offline, StartFailure},
    lifecycle::Watchdog,
    start_error::StartError,
};

/// Runs an additional command until it ends or the process receives a signal.
pub(in crate::command) fn run<C: Settings>(
    identity: &ServiceIdentity,
    loader: Loader,
    format: Format,
    command: ServiceCommand<C>,
    arguments: &ArgMatches,
) -> u8 {
    let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return serve::report_failure(
                &StartError::with_cause("the runtime cannot be started", error).into(),
                format,
            );
        }
    };
    let status = match runtime.block_on(execute(identity, loader, format, command, arguments)) {
        Ok(status) => status,
        Err(failure) => serve::report_failure(&failure, format),
    };
    runtime.shutdown_background();
    status
}

async fn execute<C: Settings>(
    identity: &ServiceIdentity,
    loader: Loader,
    format: Format,
    command: ServiceCommand<C>,
    arguments: &ArgMatches,
) -> Result<u8, StartFailure> {
    let mut signals = Watchdog::start(|unfinished| {
        serve::print_unfinished(&unfinished);
        std::process::exit(status::ABORTED.into());
    })
    .map_err(|error| StartError::with_cause("signal handlers cannot be installed", error))?;
    let offline = Offline::open::<C>(identity, loader, Level::Warn, Arc::new(Stderr)).await?;
    let watched = signals.watched().clone();
    watched.set_config(offline.lifecycle());
    let assembly = offline.assembly::<C>()?;
    let run = CommandRun {
        service: &assembly,
        arguments,
        console: Console::new(format),
    };
    let interrupted = OnceLock::new();
    let outcome = tokio::select! {
        outcome = (command.work)(run) => outcome,
        signal = signals.stop(|| {}) => {
            let _ = interrupted.set(signal);
            Ok(())
        }
    };
    offline
        .stop(&watched, async {
            let _signal = signals.stop(|| {}).await;
        })
        .await;
    outcome?;
    Ok(match interrupted.get() {
        None => status::SUCCESS,
        Some(signal) => {
            output::stderr(&format!("error: interrupted by {signal}\n"));
            status::ABORTED
        }
    })
}
