//! The start of services.

use seaworthy::{
    config::{Environment, Loader},
    prelude::*,
    service::RunningService,
};
use tokio::task::JoinSet;

use super::{PAGE, Platform, PlatformOptions};
use crate::page::{self, Page};

/// Settings of all services, which share one terminal.
const COMMON_SETTINGS: [&str; 4] = [
    // No load balancer sends requests, so a stop needs no delay.
    "lifecycle.drain_delay=0s",
    // JSON lines contain the name of the service. Warnings of preflight are not logged.
    "log.format=json",
    "log.level=info",
    "log.targets.seaworthy_service=error",
];

/// The error of a start as the cause of another.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Chain(#[source] StartError);

/// Services that start at the same time.
pub(super) type Stage = JoinSet<Result<(&'static str, RunningService), StartError>>;

/// Returns the configuration of a service. The settings of the options override its own.
pub(super) fn loader(name: &str, options: &PlatformOptions, own: Vec<String>) -> Loader {
    let mut settings: Vec<String> = COMMON_SETTINGS.map(str::to_owned).into();
    if options.free_ports {
        settings
            .extend(["server.http.addr=127.0.0.1:0", "admin.addr=127.0.0.1:0"].map(str::to_owned));
    }
    settings.extend(own);
    let prefix = format!("{name}.");
    let overrides = options.set.iter();
    let overrides = overrides.filter_map(|setting| setting.strip_prefix(&prefix));
    settings.extend(overrides.map(str::to_owned));
    let loader = Loader::new(format!("tutoring-{name}"))
        .environment(Environment::from_process())
        // Ignore legacy variables: one name has a different meaning in each service.
        .without_legacy_variables()
        .overrides(settings);
    match options.profile {
        Some(profile) => loader.profile(profile),
        None => loader,
    }
}

/// Returns a started service with its name.
pub(super) async fn started(
    name: &'static str,
    start: impl Future<Output = Result<RunningService, StartError>>,
) -> Result<(&'static str, RunningService), StartError> {
    let running = start.await;
    let running = running
        .map_err(|error| StartError::with_cause(format!("{name} failed to start"), Chain(error)))?;
    Ok((name, running))
}

impl Platform {
    /// Adds the page to a stage.
    pub(super) fn start_page(stage: &mut Stage, options: &PlatformOptions) -> Page {
        let page = Page::default();
        let shown = page.clone();
        let assemble = async move |service: &Assembly<_>| shown.assemble(service);
        let start = page::service().start(loader(PAGE, options, Vec::new()), assemble);
        stage.spawn(started(PAGE, start));
        page
    }

    /// Waits until the services of a stage run.
    ///
    /// # Errors
    /// The first service that fails. The others run.
    pub(super) async fn finish(&mut self, mut stage: Stage) -> Result<(), StartError> {
        let mut outcome = Ok(());
        while let Some(joined) = stage.join_next().await {
            let joined = joined
                .map_err(|error| StartError::with_cause("the start of a service panicked", error));
            match joined.flatten() {
                Ok(running) => self.0.push(running),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }
}
