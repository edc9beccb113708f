use seaworthy_config::{ConfigError, Loader, Settings};
use seaworthy_core::ServiceIdentity;
use serde_json::json;
use tokio::runtime;

use super::{arguments::Format, output, status};
use crate::{
    assembly::Assembly,
    kernel::{Kernel, StartFailure},
    lifecycle::{StopOutcome, Watchdog},
    listener::Descriptors,
    preflight,
    service::EarlyResponses,
    start_error::StartError,
};

/// Runs the service until a signal ends it.
pub(super) fn run<C, A>(
    identity: &ServiceIdentity,
    loader: Loader,
    early: EarlyResponses,
    format: Format,
    assemble: A,
) -> u8
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    Descriptors::raise();
    let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report_failure(
                &StartError::with_cause("the runtime cannot be started", error).into(),
                format,
            );
        }
    };
    let status = runtime.block_on(serve(identity, loader, early, format, assemble));
    // A handler that never yields must not delay the exit.
    runtime.shutdown_background();
    status
}

async fn serve<C, A>(
    identity: &ServiceIdentity,
    loader: Loader,
    early: EarlyResponses,
    format: Format,
    assemble: A,
) -> u8
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    let mut signals = match Watchdog::start(force_exit) {
        Ok(signals) => signals,
        Err(error) => {
            return report_failure(
                &StartError::with_cause("signal handlers cannot be installed", error).into(),
                format,
            );
        }
    };
    let kernel = match Kernel::open::<C>(identity, loader, early).await {
        Ok(kernel) => kernel,
        Err(failure) => return report_failure(&failure, format),
    };
    let watched = signals.watched().clone();
    watched.set_config(&kernel.parts().framework.lifecycle);
    report_panics();
    let reload = || {
        let watcher = kernel.watcher().clone();
        kernel.parts().tasks.spawn("reload-on-sighup", async move {
            // The hook of the watcher logs the result.
            let _ = watcher.reload().await;
        });
    };
    let assembled = tokio::select! {
        outcome = kernel.assemble(assemble) => Some(outcome),
        signal = signals.stop(reload) => { tracing::info!(signal, "stopping during startup"); None }
    };
    let mut failed = None;
    match assembled {
        Some(Err(failure)) => {
            tracing::error!(causes = failure.causes(), "startup failed");
            failed = Some(failure);
        }
        Some(Ok(())) => {
            let signal = signals.stop(reload).await;
            tracing::info!(signal, "stopping: a second signal forces the exit");
        }
        None => {}
    }
    let force = async {
        let _signal = signals.stop(|| {}).await;
    };
    let outcome = kernel.stop(&watched, force).await;
    if let Some(failure) = failed {
        return report_failure(&failure, format);
    }
    match outcome {
        StopOutcome::Clean => status::SUCCESS,
        StopOutcome::Aborted(unfinished) | StopOutcome::Forced(_, unfinished) => {
            print_unfinished(&unfinished);
            status::ABORTED
        }
    }
}

pub(super) fn print_unfinished(unfinished: &[String]) {
    output::stderr(&format!(
        "error: unfinished work at the end of the stop: {}\n",
        unfinished.join(", ")
    ));
}

/// Ends a process whose threads are all blocked.
fn force_exit(unfinished: Vec<String>) {
    print_unfinished(&unfinished);
    std::process::exit(status::ABORTED.into());
}

/// Prints the reason of a failed start, and returns the exit status.
pub(super) fn report_failure(failure: &StartFailure, format: Format) -> u8 {
    match (failure, format) {
        (StartFailure::Invalid(errors), Format::Text) => {
            output::stderr(&format!("error: {errors}\n"))
        }
        (StartFailure::Invalid(errors), Format::Json) => {
            let errors: Vec<_> = errors.iter().map(error_json).collect();
            output::stderr(&format!(
                "{}\n",
                json!({ "error": "the configuration has errors", "errors": errors })
            ));
        }
        (StartFailure::Unsafe(violations), Format::Text) => output::stderr(&format!(
            "error: the profile production rejects {} unsafe settings (CONF-3)\n\n{}",
            violations.len(),
            preflight::text(violations)
        )),
        (StartFailure::Unsafe(violations), Format::Json) => {
            output::stderr(&format!("{:#}\n", preflight::json(violations)))
        }
        (StartFailure::Failed(error), Format::Text) => output::stderr(&format!(
            "error: {}\n",
            error.chain().join("\n  caused by: ")
        )),
        (StartFailure::Failed(error), Format::Json) => {
            let chain = error.chain();
            output::stderr(&format!(
                "{}\n",
                json!({ "error": chain.first(), "causes": chain.get(1..) })
            ));
        }
    }
    match failure {
        StartFailure::Invalid(_) | StartFailure::Unsafe(_) => status::CONFIGURATION,
        StartFailure::Failed(_) => status::FAILURE,
    }
}

/// Returns an error of a setting as JSON.
pub(super) fn error_json(error: &ConfigError) -> serde_json::Value {
    json!({ "origin": error.origin().to_string(), "key": error.key(), "problem": error.problem() })
}

/// Logs panics, because the default handler prints text between the lines of the log.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, panic = message, "panic");
    }));
}
