use std::process::ExitCode;

use seaworthy::{
    prelude::StartError,
    service::platform::{DataDirectory, PlatformArguments, PlatformProgram, PlatformServices},
};

use crate::{Platform, PlatformOptions, seed::seed};

/// Runs the program `city-events`. It starts all services and stops them at SIGTERM or SIGINT.
#[must_use]
pub fn run() -> ExitCode {
    PlatformProgram::new("city-events", env!("CARGO_PKG_VERSION"))
        .about("All City Events services in one process. Each service is also a separate program.")
        .example("bff.rate_limit.enabled=false")
        .main::<RunningPlatform>()
}

/// The running services and their data.
struct RunningPlatform {
    directory: DataDirectory,
    platform: Platform,
}

impl PlatformServices for RunningPlatform {
    async fn start(arguments: &PlatformArguments) -> Result<Self, StartError> {
        let options = PlatformOptions {
            set: arguments.set.clone(),
            free_ports: arguments.free_ports,
            profile: None,
        };
        let directory = DataDirectory::open(&arguments.data)?;
        let platform = Platform::start(&directory, &options).await?;
        Ok(Self {
            directory,
            platform,
        })
    }

    async fn seed(&self) -> Result<(), StartError> {
        if self.directory.is_seeded() {
            return Ok(());
        }
        if !self.platform.is_on_loopback() {
            return Err(StartError::new(
                "sample users are not created: their password is public, and other machines can reach the platform",
            ));
        }
        let Some(gateway) = self.platform.addresses("bff") else {
            return Ok(());
        };
        let seeded = match seed(gateway.http).await {
            Ok(()) => self.directory.set_seeded().map_err(Into::into),
            Err(error) => Err(error),
        };
        seeded.map_err(|error| {
            StartError::with_cause(
                "the sample data is incomplete: the next start continues",
                error,
            )
        })
    }

    fn summary(&self) -> String {
        let platform = &self.platform;
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
            self.directory.path().display()
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
        text
    }

    async fn stop(self) -> Vec<String> {
        self.platform.stop().await
    }
}
