use std::collections::BTreeMap;

use seaworthy::{
    config::{Environment, Loader, Profile, Settings},
    prelude::*,
    service::{Addresses, RunningService, StopOutcome, platform::DataDirectory},
};

use crate::{
    page::{self, Page},
    seed::Seed,
};

/// Settings of all services, which share one terminal.
const COMMON_SETTINGS: [&str; 4] = [
    // No load balancer has to notice the stop.
    "lifecycle.drain_delay=0s",
    // JSON lines name their service. Warnings of preflight are hidden.
    "log.format=json",
    "log.level=info",
    "log.targets.seaworthy_service=error",
];

/// The name of the page among the services.
const PAGE: &str = "page";

/// Options of a platform.
#[derive(Debug, Clone, Default)]
pub struct PlatformOptions {
    /// Settings of services in the form `SERVICE.KEY=VALUE`. They override those of the platform.
    pub set: Vec<String>,
    /// Whether listeners use free ports.
    pub free_ports: bool,
    /// Whether the page runs that walks through the main flow.
    pub page: bool,
    /// The profile of all services. By default, the environment of the process sets it.
    pub profile: Option<Profile>,
}

/// The running services of a platform, in the order of their start.
#[derive(Debug, Default)]
pub struct Platform(Vec<(&'static str, RunningService)>);

/// The error of a start as the cause of another.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Chain(#[source] StartError);

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
        let page = match options.page {
            true => Some(self.start_page(options).await?),
            false => None,
        };
        let secret = format!(
            "access_tokens.secret={}",
            directory.secret("access_tokens")?
        );
        let settings = vec![
            format!("database.url={}", directory.sqlite("student-auth.db")),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url={}", directory.sqlite("broker.db")),
            format!("codes.pepper={}", directory.secret("codes")?),
            "sms.provider=log".to_owned(),
            secret.clone(),
        ];
        let service = tutoring_student_auth::service();
        let assemble = tutoring_student_auth::assemble;
        self.add("student-auth", service, options, settings, assemble)
            .await?;

        let audit_log = format!("audit_log.key={}", directory.secret("audit_log")?);
        let settings = vec![
            format!(
                "identity.database.url={}",
                directory.sqlite("trainer-auth.db")
            ),
            "identity.database.migrate_at_start=true".to_owned(),
            format!("identity.broker.url={}", directory.sqlite("broker.db")),
            format!("identity.codes.pepper={}", directory.secret("codes")?),
            "identity.sms.provider=log".to_owned(),
            format!("identity.{secret}"),
            format!(
                "documents.url={}",
                directory.files("trainer-auth", "documents")?
            ),
            audit_log.clone(),
        ];
        let service = tutoring_trainer_auth::service();
        let assemble = tutoring_trainer_auth::assemble;
        self.add("trainer-auth", service, options, settings, assemble)
            .await?;

        let settings = vec![
            format!("database.url={}", directory.sqlite("admin.db")),
            "database.migrate_at_start=true".to_owned(),
            format!("totp.secret={}", directory.secret("totp")?),
            "seed=true".to_owned(),
            secret.clone(),
            audit_log.clone(),
        ];
        let service = tutoring_admin::service();
        let assemble = tutoring_admin::assemble;
        self.add("admin", service, options, settings, assemble)
            .await?;

        let backend = |file: &str| {
            vec![
                format!("backend.database.url={}", directory.sqlite(file)),
                "backend.database.migrate_at_start=true".to_owned(),
                format!("backend.broker.url={}", directory.sqlite("broker.db")),
                format!("backend.{secret}"),
            ]
        };
        let mut settings = backend("trainer.db");
        settings.push(audit_log.clone());
        let key = directory.secret("bank_details")?;
        settings.push(format!("bank_details_key={key}"));
        let service = tutoring_trainer::service();
        let assemble = tutoring_trainer::assemble;
        self.add("trainer", service, options, settings, assemble)
            .await?;

        let mut settings = backend("notification.db");
        let key = directory.secret("service_tokens")?;
        settings.push(format!("backend.service_tokens.secret={key}"));
        settings.push(audit_log.clone());
        let service = tutoring_notification::service();
        let assemble = tutoring_notification::assemble;
        self.add("notification", service, options, settings, assemble)
            .await?;

        let mut settings = backend("chat.db");
        settings.push(format!("kms.seed={}", directory.secret("chat_seed")?));
        settings.push(format!("kms.salt={}", directory.secret("chat_salt")?));
        let attachments = directory.files("chat", "attachments")?;
        settings.push(format!("attachments.url={attachments}"));
        settings.push(audit_log.clone());
        let service = tutoring_chat::service();
        let assemble = tutoring_chat::assemble;
        self.add("chat", service, options, settings, assemble)
            .await?;

        let settings = vec![
            format!("database.url={}", directory.sqlite("analytics.db")),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url={}", directory.sqlite("broker.db")),
            secret.clone(),
        ];
        let service = tutoring_analytics::service();
        let assemble = tutoring_analytics::assemble;
        self.add("analytics", service, options, settings, assemble)
            .await?;

        self.start_payments(directory, options, &secret, &audit_log)
            .await?;

        let broker = format!("broker.url={}", directory.sqlite("broker.db"));
        let mut settings = vec![secret.clone(), broker];
        for (name, client) in [
            ("student", "student"),
            ("trainer", "trainer"),
            ("student-auth", "student_auth"),
            ("trainer-auth", "trainer_auth"),
            ("admin", "admin"),
            ("course", "course"),
            ("booking", "booking"),
            ("payment", "payment"),
            ("notification", "notification"),
            ("chat", "chat"),
            ("analytics", "analytics"),
        ] {
            if let Some(addresses) = self.addresses(name) {
                let url = format!("clients.{client}.base_url=http://{}", addresses.http);
                settings.push(url);
            }
        }
        if let Some(page) = self.addresses(PAGE) {
            let origin = format!("http://{}", page.http);
            settings.push(format!("server.http.cors.allowed_origins=[{origin}]"));
        }
        let service = tutoring_gateway::service();
        let assemble = tutoring_gateway::assemble;
        self.add("gateway", service, options, settings, assemble)
            .await?;
        let [gateway, accounts] = ["gateway", "student-auth"].map(|name| self.url(name));
        match page {
            Some(page) => page.connect(&gateway, &accounts),
            None => Ok(()),
        }
    }

    async fn start_page(&mut self, options: &PlatformOptions) -> Result<Page, StartError> {
        let page = Page::default();
        let shown = page.clone();
        let assemble = async move |service: &Assembly<_>| shown.assemble(service);
        self.add(PAGE, page::service(), options, Vec::new(), assemble)
            .await?;
        Ok(page)
    }

    /// Returns the address of a running service as a URL.
    fn url(&self, name: &str) -> String {
        let addresses = self.addresses(name);
        addresses.map_or_else(String::new, |own| format!("http://{}", own.http))
    }

    /// Creates the sample users that are missing: a student, an approved trainer, and a trainer
    /// with a pending application. Their password is public, so no other machine may reach the
    /// platform.
    ///
    /// # Errors
    /// A service listens beyond loopback, does not run, or rejects a request.
    pub async fn seed(&self) -> Result<(), StartError> {
        let mut addresses = self.0.iter().map(|(_, service)| service.addresses());
        if !addresses.all(|own| own.http.ip().is_loopback()) {
            let reason = "sample users need services that listen on loopback only";
            return Err(StartError::new(reason));
        }
        let services = ["gateway", "student-auth", "trainer-auth"].map(|name| self.addresses(name));
        let [Some(gateway), Some(students), Some(trainers)] = services else {
            return Err(StartError::new(
                "sample users need the services of accounts",
            ));
        };
        let seed = Seed::new([gateway, students, trainers].map(|own| own.http))?;
        let because = |error: Error| StartError::because("the sample users are incomplete", error);
        seed.run().await.map_err(because)
    }

    /// Starts the services of prices, payments, students and courses. The payment provider is a fake.
    async fn start_payments(
        &mut self,
        directory: &DataDirectory,
        options: &PlatformOptions,
        secret: &str,
        audit_log: &str,
    ) -> Result<(), StartError> {
        let common = [
            "database.migrate_at_start=true".to_owned(),
            format!(
                "service_tokens.secret={}",
                directory.secret("service_tokens")?
            ),
            secret.to_owned(),
            audit_log.to_owned(),
        ];
        let mut settings = vec![
            format!("database.url={}", directory.sqlite("booking.db")),
            format!("broker.url={}", directory.sqlite("broker.db")),
            format!("session_code_key={}", directory.secret("session_codes")?),
        ];
        settings.extend(common.clone());
        let service = tutoring_booking::service();
        let assemble = tutoring_booking::assemble;
        self.add("booking", service, options, settings, assemble)
            .await?;

        let provider = directory.secret("provider")?;
        let mut settings = vec![
            format!("database.url={}", directory.sqlite("payment.db")),
            format!("broker.url={}", directory.sqlite("broker.db")),
            "provider.kind=fake".to_owned(),
            "provider.key_id=rzp_test_fake".to_owned(),
            format!("provider.key_secret={provider}"),
            format!("provider.webhook_secret={provider}"),
        ];
        settings.extend(common.clone());
        if let Some(booking) = self.addresses("booking") {
            let url = format!("clients.booking.base_url=http://{}", booking.http);
            settings.push(url);
        }
        let service = tutoring_payment::service();
        let assemble = tutoring_payment::assemble;
        self.add("payment", service, options, settings, assemble)
            .await?;

        let mut settings = vec![
            format!("backend.database.url={}", directory.sqlite("student.db")),
            "backend.database.migrate_at_start=true".to_owned(),
            format!("backend.broker.url={}", directory.sqlite("broker.db")),
            format!("backend.{secret}"),
            format!(
                "backend.service_tokens.secret={}",
                directory.secret("service_tokens")?
            ),
            audit_log.to_owned(),
        ];
        for client in ["notification", "payment"] {
            if let Some(addresses) = self.addresses(client) {
                let url = format!("clients.{client}.base_url=http://{}", addresses.http);
                settings.push(url);
            }
        }
        let service = tutoring_student::service();
        let assemble = tutoring_student::assemble;
        self.add("student", service, options, settings, assemble)
            .await?;

        // After its consumers, which read only the changes since their first start.
        let mut settings = vec![
            format!("database.url={}", directory.sqlite("course.db")),
            format!("media.url={}", directory.files("course", "media")?),
            format!("broker.url={}", directory.sqlite("broker.db")),
            "seed=true".to_owned(),
        ];
        settings.extend(common);
        let service = tutoring_course::service();
        let assemble = tutoring_course::assemble;
        self.add("course", service, options, settings, assemble)
            .await
    }

    async fn add<C, A>(
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
        let running = running
            .map_err(|error| StartError::because(format!("{name} does not start"), Chain(error)))?;
        self.0.push((name, running));
        Ok(())
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

    /// Stops one service, to simulate an outage. Returns `None` if it does not run.
    pub async fn stop_one(&mut self, name: &str) -> Option<StopOutcome> {
        let index = self.0.iter().position(|(running, _)| *running == name)?;
        Some(self.0.remove(index).1.stop().await)
    }

    /// Stops all services, the gateway first. Returns the work that was aborted.
    pub async fn stop(self) -> Vec<String> {
        let mut unfinished = Vec::new();
        for (name, service) in self.0.into_iter().rev() {
            match service.stop().await {
                StopOutcome::Clean => {}
                StopOutcome::CutOff(still) | StopOutcome::Forced(_, still) => {
                    unfinished.extend(still.into_iter().map(|what| format!("{name}: {what}")));
                }
            }
        }
        unfinished
    }
}
