use seaworthy::{
    config::{Environment, Loader},
    prelude::*,
};

use super::PlatformOptions;

/// Settings of all services, which share one terminal.
const COMMON_SETTINGS: [&str; 4] = [
    // No load balancer has to notice the stop.
    "lifecycle.drain_delay=0s",
    // JSON lines name their service. Warnings of preflight are hidden.
    "log.format=json",
    "log.level=warn",
    "log.targets.seaworthy_service=error",
];

/// Layers the settings of a service: the defaults of the platform, its own values, the caller's.
pub(super) fn loader(
    part: &Part,
    options: &PlatformOptions,
    own_settings: Vec<String>,
    has_grpc: bool,
) -> Loader {
    let mut settings: Vec<String> = COMMON_SETTINGS.map(str::to_owned).into();
    if options.free_ports {
        settings.extend([
            "server.http.addr=127.0.0.1:0".into(),
            "admin.addr=127.0.0.1:0".into(),
        ]);
        if has_grpc {
            settings.push("server.grpc.addr=127.0.0.1:0".into());
        }
    }
    settings.extend(own_settings);
    let prefix = format!("{}.", part.name);
    let overrides = options
        .set
        .iter()
        .filter_map(|setting| setting.strip_prefix(&prefix));
    settings.extend(overrides.map(str::to_owned));
    let loader = Loader::new(part.identity)
        .environment(Environment::from_process())
        // A legacy variable has another meaning for each service.
        .without_legacy_variables()
        .overrides(settings);
    match options.profile {
        Some(profile) => loader.profile(profile),
        None => loader,
    }
}

/// A service that is not started.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) identity: &'static str,
    pub(super) service: Service,
}

impl Part {
    const fn new(name: &'static str, identity: &'static str, service: Service) -> Self {
        Self {
            name,
            identity,
            service,
        }
    }

    pub(super) fn auth() -> Self {
        Self::new("auth", "auth-service", city_events_auth::service())
    }

    pub(super) fn event() -> Self {
        Self::new("event", "event-service", city_events_event::service())
    }

    pub(super) fn join() -> Self {
        Self::new("join", "join-service", city_events_join::service())
    }

    pub(super) fn feed() -> Self {
        Self::new("feed", "feed-service", city_events_feed::service())
    }

    pub(super) fn email() -> Self {
        Self::new("email", "email-service", city_events_email::service())
    }

    pub(super) fn media() -> Self {
        Self::new("media", "media-service", city_events_media::service())
    }

    pub(super) fn media_worker() -> Self {
        Self::new(
            "media-worker",
            "media-worker",
            city_events_media_worker::service(),
        )
    }

    pub(super) fn bff() -> Self {
        Self::new("bff", "bff", city_events_bff::service())
    }

    pub(super) fn start_error(&self, error: StartError) -> StartError {
        StartError::with_cause(format!("{} does not start", self.identity), Chain(error))
    }
}

/// The error of a start as the cause of another.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Chain(#[source] pub(super) StartError);
