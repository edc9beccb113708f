//! The services of the platform in one process.

mod launch;
mod sample;
mod services;

use std::collections::BTreeMap;

use seaworthy::{
    config::Profile,
    prelude::*,
    service::{Addresses, RunningService, StopOutcome, platform::DataDirectory},
};

use launch::Stage;
use services::Services;

/// The name of the pages among the services.
const PAGE: &str = "page";

/// Options of a platform.
#[derive(Debug, Clone, Default)]
pub struct PlatformOptions {
    /// Settings of services in the form `SERVICE.KEY=VALUE`. They override those of the platform.
    pub set: Vec<String>,
    /// Whether listeners use free ports.
    pub free_ports: bool,
    /// Whether to serve the pages of students, trainers and administrators.
    pub page: bool,
    /// The profile of all services. By default, the environment of the process sets it.
    pub profile: Option<Profile>,
}

/// The running services of a platform, in the order of their start.
#[derive(Debug, Default)]
pub struct Platform(Vec<(&'static str, RunningService)>);

impl Platform {
    /// Starts all services, the gateway last.
    ///
    /// # Errors
    /// [`StartError`] of the first service that fails. The services that already run are stopped.
    pub async fn start(
        directory: &DataDirectory,
        options: &PlatformOptions,
    ) -> Result<Self, StartError> {
        let mut platform = Self::default();
        match platform.start_all(directory, options).await {
            Ok(()) => Ok(platform),
            Err(error) => {
                platform.stop().await;
                Err(error)
            }
        }
    }

    async fn start_all(
        &mut self,
        directory: &DataDirectory,
        options: &PlatformOptions,
    ) -> Result<(), StartError> {
        let services = Services::new(directory)?;
        let mut stage = Stage::new();
        let page = options.page.then(|| Self::start_page(&mut stage, options));
        services.start(self, options, stage).await?;
        match page {
            Some(page) => {
                page.connect(["gateway", "student-auth", "course"].map(|name| self.url(name)))
            }
            None => Ok(()),
        }
    }

    /// Returns the address of a running service as a URL.
    fn url(&self, name: &str) -> String {
        let addresses = self.addresses(name);
        addresses.map_or_else(String::new, |own| format!("http://{}", own.http))
    }

    /// Returns the addresses of a service, such as `student-auth` or `gateway`.
    #[must_use]
    pub fn addresses(&self, name: &str) -> Option<Addresses> {
        let found = self.0.iter().find(|(running, _)| *running == name);
        found.map(|(_, service)| service.addresses())
    }

    /// Returns the addresses of all services.
    #[must_use]
    pub fn all_addresses(&self) -> BTreeMap<&'static str, Addresses> {
        let services = self.0.iter();
        services
            .map(|(name, service)| (*name, service.addresses()))
            .collect()
    }

    /// Stops all services, the gateway first. Returns the work that was aborted.
    pub async fn stop(self) -> Vec<String> {
        let mut unfinished = Vec::new();
        for (name, service) in self.0.into_iter().rev() {
            match service.stop().await {
                StopOutcome::Clean => {}
                StopOutcome::Aborted(still) | StopOutcome::Forced(_, still) => {
                    unfinished.extend(still.into_iter().map(|what| format!("{name}: {what}")));
                }
            }
        }
        unfinished
    }
}
