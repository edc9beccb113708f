mod part;
mod public_addresses;

use std::collections::BTreeMap;

use seaworthy::{
    config::{Profile, Settings},
    prelude::*,
    service::{Addresses, RunningService, StopOutcome, platform::DataDirectory},
};

use part::{Chain, Part, loader};
use public_addresses::PublicAddresses;

/// Options of a platform.
#[derive(Debug, Clone, Default)]
pub struct PlatformOptions {
    /// Settings of services in the form `SERVICE.KEY=VALUE`. They override those of the platform.
    pub set: Vec<String>,
    /// Whether listeners use free ports.
    pub free_ports: bool,
    /// The profile of all services. By default, the environment of the process sets it.
    pub profile: Option<Profile>,
}

/// The running services of a platform, in the order of their start.
#[derive(Debug)]
pub struct Platform {
    services: Vec<RunningPart>,
    is_on_loopback: bool,
}

/// A running service and its short name.
#[derive(Debug)]
struct RunningPart {
    name: &'static str,
    service: RunningService,
}

/// The rate limit of registrations: all sample users register from one IP address.
const REGISTER_LIMIT: &str = "rate_limit.register.requests=20";
/// The rate limit of logins: all sample users log in from one IP address.
const LOGIN_LIMIT: &str = "rate_limit.login.requests=60";

/// The origin of the pages that receive the result of OAuth logins: the gateway.
const FRONTEND_ORIGIN: &str = "oauth.frontend_origin=http://127.0.0.1:8080";

impl Platform {
    /// Starts all services. A service starts after the services that it calls are ready.
    ///
    /// # Errors
    /// [`StartError`] of the first service that fails. The services that already run are stopped.
    pub async fn start(
        directory: &DataDirectory,
        options: &PlatformOptions,
    ) -> Result<Self, StartError> {
        let mut platform = Self {
            services: Vec::new(),
            is_on_loopback: is_on_loopback(options).await?,
        };
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
        let secret = format!("jwt.secret={}", directory.secret("jwt")?);
        let internal = format!("internal_secret={}", directory.secret("internal")?);
        let audit_log = format!("audit_log.key={}", directory.secret("audit_log")?);
        let totp = format!("totp.secret={}", directory.secret("totp")?);
        let calls = format!(
            "service_calls.secret={}",
            directory.secret("service_calls")?
        );
        let broker = format!("broker.url={}", directory.sqlite("broker.db"));
        let with = |name: &str, more: &[String]| {
            let database = format!("database.url={}", directory.sqlite(&format!("{name}.db")));
            let migrate = "database.migrate_at_start=true".to_owned();
            [&[database, migrate, broker.clone(), secret.clone()], more].concat()
        };

        let addresses = PublicAddresses::new(options)?;
        let auth = [
            internal.clone(),
            // Users see their pictures at the media service.
            format!("cdn_base_url=http://{}", addresses.media),
            audit_log.clone(),
            calls.clone(),
            totp,
            REGISTER_LIMIT.into(),
            LOGIN_LIMIT.into(),
            FRONTEND_ORIGIN.into(),
            // Other services may be reachable and forward requests to the auth service.
            format!("reject_default_passwords={}", !self.is_on_loopback),
        ];
        let service = Part::auth();
        self.add(
            service,
            options,
            with("auth", &auth),
            true,
            city_events_auth::assemble,
        )
        .await?;

        let service = Part::event();
        let settings = with("event", std::slice::from_ref(&audit_log));
        self.add(
            service,
            options,
            settings,
            true,
            city_events_event::assemble,
        )
        .await?;

        let service = Part::join();
        let settings = with("join", std::slice::from_ref(&audit_log));
        self.add(service, options, settings, true, city_events_join::assemble)
            .await?;

        let service = Part::feed();
        let cookies = format!("anonymous.secret={}", directory.secret("anonymous")?);
        self.add(
            service,
            options,
            with("feed", &[cookies]),
            false,
            city_events_feed::assemble,
        )
        .await?;

        let service = Part::email();
        let auth_url = self
            .addresses("auth")
            .map(|auth| format!("auth_url=http://{}", auth.http));
        let settings: Vec<String> = with("email", &[])
            .into_iter()
            .filter(|set| *set != secret)
            .chain([internal])
            .chain(auth_url)
            .collect();
        self.add(
            service,
            options,
            settings,
            false,
            city_events_email::assemble,
        )
        .await?;

        self.start_media(directory, options, &addresses, with)
            .await?;

        let service = Part::bff();
        let mut settings = self.gateway_settings([secret, calls]);
        settings.extend(addresses.of_gateway());
        self.add(service, options, settings, false, city_events_bff::assemble)
            .await
    }

    /// Starts the media service and its worker on the same database and files.
    async fn start_media(
        &mut self,
        directory: &DataDirectory,
        options: &PlatformOptions,
        addresses: &PublicAddresses,
        with: impl Fn(&str, &[String]) -> Vec<String>,
    ) -> Result<(), StartError> {
        let files = [
            format!("raw.url={}", directory.files("media", "raw")?),
            format!("public.url={}", directory.files("media", "public")?),
            format!("raw.signing_key={}", directory.secret("media")?),
        ];
        let settings = [with("media", &files), addresses.of_media()].concat();
        self.add(
            Part::media(),
            options,
            settings,
            false,
            city_events_media::assemble,
        )
        .await?;
        let settings = with("media", &files);
        // The worker has no routes of users.
        let settings = settings
            .into_iter()
            .filter(|set| !set.starts_with("jwt."))
            .collect();
        self.add(
            Part::media_worker(),
            options,
            settings,
            false,
            city_events_media_worker::assemble,
        )
        .await
    }

    /// Whether other machines cannot reach any service. Only then may the platform have accounts
    /// with a published password.
    #[must_use]
    pub fn is_on_loopback(&self) -> bool {
        self.is_on_loopback
    }

    /// Returns the settings of the gateway with the addresses of the other services.
    fn gateway_settings(&self, secrets: [String; 2]) -> Vec<String> {
        let mut settings = secrets.to_vec();
        for name in ["auth", "event", "join"] {
            if let Some(grpc) = self.addresses(name).and_then(|addresses| addresses.grpc) {
                settings.push(format!("grpc_clients.{name}.url=http://{grpc}"));
            }
        }
        for name in ["auth", "feed", "media"] {
            if let Some(addresses) = self.addresses(name) {
                settings.push(format!("clients.{name}.base_url=http://{}", addresses.http));
            }
        }
        settings
    }

    async fn add<C, A>(
        &mut self,
        part: Part,
        options: &PlatformOptions,
        settings: Vec<String>,
        has_grpc: bool,
        assemble: A,
    ) -> Result<(), StartError>
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        let loader = loader(&part, options, settings, has_grpc);
        let identity = part.identity;
        // The future of a start is too large for the stack.
        let running = Box::pin(part.service.start(loader, assemble));
        let running = running.await.map_err(|error| {
            StartError::with_cause(format!("{identity} does not start"), Chain(error))
        })?;
        self.services.push(RunningPart {
            name: part.name,
            service: running,
        });
        Ok(())
    }

    /// Returns the addresses of a service by its short name: `auth`, `event`, `join`, `feed`,
    /// `email`, `media`, `media-worker` or `bff`.
    #[must_use]
    pub fn addresses(&self, name: &str) -> Option<Addresses> {
        let found = self.services.iter().find(|running| running.name == name);
        found.map(|running| running.service.addresses())
    }

    /// Returns the addresses of all services.
    #[must_use]
    pub fn all_addresses(&self) -> BTreeMap<&'static str, Addresses> {
        let services = self.services.iter();
        services
            .map(|running| (running.name, running.service.addresses()))
            .collect()
    }

    /// Stops one service, to simulate an outage. Returns `None` if it does not run.
    pub async fn stop_one(&mut self, name: &str) -> Option<StopOutcome> {
        let index = self
            .services
            .iter()
            .position(|running| running.name == name)?;
        Some(self.services.remove(index).service.stop().await)
    }

    /// Stops all services, the gateway first. Returns the work that was aborted.
    pub async fn stop(self) -> Vec<String> {
        let mut unfinished = Vec::new();
        for running in self.services.into_iter().rev() {
            let name = running.name;
            match running.service.stop().await {
                StopOutcome::Clean => {}
                StopOutcome::Aborted(still) | StopOutcome::Forced(_, still) => {
                    unfinished.extend(still.into_iter().map(|what| format!("{name}: {what}")));
                }
            }
        }
        unfinished
    }
}

/// Whether every listener of every service will be on a loopback address. It runs ahead of the
/// first service, because that service creates accounts.
async fn is_on_loopback(options: &PlatformOptions) -> Result<bool, StartError> {
    async fn of<C: Settings>(
        part: Part,
        options: &PlatformOptions,
        has_grpc: bool,
    ) -> Result<bool, StartError> {
        let loader = loader(&part, options, Vec::new(), has_grpc);
        let found = part.service.is_on_loopback::<C>(loader).await;
        found.map_err(|error| part.start_error(error))
    }
    Ok(
        of::<city_events_auth::AuthConfig>(Part::auth(), options, true).await?
            && of::<city_events_event::EventConfig>(Part::event(), options, true).await?
            && of::<city_events_join::JoinConfig>(Part::join(), options, true).await?
            && of::<city_events_feed::FeedConfig>(Part::feed(), options, false).await?
            && of::<city_events_email::EmailConfig>(Part::email(), options, false).await?
            && of::<city_events_media::MediaConfig>(Part::media(), options, false).await?
            && of::<city_events_media_worker::MediaWorkerConfig>(
                Part::media_worker(),
                options,
                false,
            )
            .await?
            && of::<city_events_bff::BffConfig>(Part::bff(), options, false).await?,
    )
}
