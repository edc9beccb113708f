//! The start of one service.

use seaworthy::{
    config::{Environment, Loader, Settings},
    prelude::*,
};

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

impl Platform {
    pub(super) async fn start_page(
        &mut self,
        options: &PlatformOptions,
    ) -> Result<Page, StartError> {
        let page = Page::default();
        let shown = page.clone();
        let assemble = async move |service: &Assembly<_>| shown.assemble(service);
        self.add(PAGE, page::service(), options, Vec::new(), assemble)
            .await?;
        Ok(page)
    }

    /// Starts a service. The settings of the options override its own.
    pub(super) async fn add<C, A>(
        &mut self,
        name: &'static str,
        service: Service,
        options: &PlatformOptions,
        own: Vec<String>,
        assemble: A,
    ) -> Result<(), StartError>
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        let mut settings: Vec<String> = COMMON_SETTINGS.map(str::to_owned).into();
        if options.free_ports {
            settings.extend(
                ["server.http.addr=127.0.0.1:0", "admin.addr=127.0.0.1:0"].map(str::to_owned),
            );
        }
        settings.extend(own);
        let prefix = format!("{name}.");
        let overrides = options.set.iter();
        let overrides = overrides.filter_map(|setting| setting.strip_prefix(&prefix));
        settings.extend(overrides.map(str::to_owned));
        let loader = Loader::new(format!("tutoring-{name}"))
            .environment(Environment::of_process())
            // A legacy variable has another meaning for each service.
            .without_legacy_variables()
            .overrides(settings);
        let loader = match options.profile {
            Some(profile) => loader.profile(profile),
            None => loader,
        };
        // The future of a start is too large for the stack.
        let running = Box::pin(service.start(loader, assemble)).await;
        let running = running.map_err(|error| {
            StartError::with_cause(format!("{name} does not start"), Chain(error))
        })?;
        self.0.push((name, running));
        Ok(())
    }
}
