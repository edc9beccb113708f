use std::process::ExitCode;

use seaworthy::{
    prelude::StartError,
    service::platform::{DataDirectory, PlatformArguments, PlatformProgram, PlatformServices},
};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::{
    Platform, PlatformOptions,
    seed::{APPLICANT, PASSWORD, STUDENT, TRAINER},
};

/// Runs the program `tutoring`. It starts all services and stops them at SIGTERM or SIGINT.
#[must_use]
pub fn run() -> ExitCode {
    PlatformProgram::new("tutoring", env!("CARGO_PKG_VERSION"))
        .about("The services of Tutoring in one process. Each service is also a separate binary.")
        .example("gateway.limits.enabled=false")
        .main::<RunningPlatform>()
}

/// The running services and their data.
struct RunningPlatform {
    directory: DataDirectory,
    platform: Platform,
    has_sample_users: bool,
}

impl PlatformServices for RunningPlatform {
    async fn start(arguments: &PlatformArguments) -> Result<Self, StartError> {
        let options = PlatformOptions {
            set: arguments.set.clone(),
            free_ports: arguments.free_ports,
            page: true,
            profile: None,
        };
        let directory = DataDirectory::open(&arguments.data)?;
        let platform = Platform::start(&directory, &options).await?;
        Ok(Self {
            directory,
            platform,
            has_sample_users: !arguments.empty,
        })
    }

    async fn seed(&self) -> Result<(), StartError> {
        self.platform.seed().await
    }

    fn summary(&self) -> String {
        let platform = &self.platform;
        let mut text = String::from("\n  Tutoring is running.\n\n");
        if let Some(page) = platform.addresses("page") {
            text.push_str(&format!("    Open       http://{}\n", page.http));
        }
        if let Some(accounts) = platform.addresses("student-auth") {
            text.push_str(&format!(
                "    Mailbox    http://{}/mailbox\n",
                accounts.http
            ));
        }
        text.push_str(&format!(
            "    Admin      {SEED_EMAIL}, password {SEED_PASSWORD}\n"
        ));
        if self.has_sample_users {
            text.push_str(&format!(
                "    Student    {STUDENT}, password {PASSWORD}\n    Trainers   {TRAINER} (approved), {APPLICANT} (pending), same password\n"
            ));
        }
        text.push_str(&format!(
            "    Data       {}\n\n",
            self.directory.path().display()
        ));
        for (name, addresses) in platform.all_addresses() {
            text.push_str(&format!(
                "    {name:<14} http://{}   admin http://{}\n",
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
