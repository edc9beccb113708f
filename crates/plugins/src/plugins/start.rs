use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use seaworthy_config::{Profile, Settings};
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_http::Authenticate;
use seaworthy_service::{Assembly, StartError};
use tokio::sync::Semaphore;

use super::{Inner, Observation, Plugins};
use crate::{
    EventBus, EventType, PluginAuthentication, PluginInfo, PluginStatus, PluginsConfig,
    attach::hooked, event, manifest::public_key, runtime,
};

/// The name of the client of the capability `http`.
const CLIENT: &str = "plugins";

impl Plugins {
    /// Starts the plugins of a service: their hooks, the admin endpoints `/plugins`, the check
    /// `plugins`, and the workers of events. Call it before the routes are added.
    ///
    /// With `auto_load`, all plugins of the folder start, and again after a change of their files.
    ///
    /// # Errors
    /// A trusted key is not valid, or the engine cannot be created. With `auto_load`, a plugin of
    /// the folder cannot be started.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        config: &PluginsConfig,
    ) -> Result<Self, StartError> {
        let plugins = Self::open(service, config)?;
        if !config.enabled {
            return Ok(plugins);
        }
        plugins.hook_requests(service);
        plugins.watch_health(service);
        plugins.deliver_events(service);
        service.admin(crate::admin::routes(&plugins));
        if plugins.loads_automatically() {
            plugins.load_folder().await?;
            plugins.follow_folder(service.tasks());
        }
        plugins.0.announce(EventType::SYSTEM_STARTUP, "");
        Ok(plugins)
    }

    /// Opens the plugins of a service for a command: nothing is loaded and no hook is called.
    ///
    /// # Errors
    /// A trusted key is not valid, or the engine cannot be created.
    pub fn open<C: Settings>(
        service: &Assembly<C>,
        config: &PluginsConfig,
    ) -> Result<Self, StartError> {
        let keys = &config.security.trusted_keys;
        if let Some(position) = keys.iter().position(|key| public_key(key).is_none()) {
            return Err(StartError::new(format!(
                "plugins.security.trusted_keys[{position}] is not an Ed25519 public key (32 bytes in Base64)"
            )));
        }
        let runtime = runtime::engine(config.security.max_memory.as_usize())
            .map_err(|problem| StartError::new(format!("plugins cannot be used: {problem}")))?;
        let client = service.http_client(CLIENT).map_err(|error| {
            StartError::because("the HTTP client of plugins cannot be built", error)
        })?;
        let bus = EventBus::new(config.max_queued_events);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            config: config.clone(),
            profile: service.profile(),
            hooks: ArcSwap::default(),
            tasks: service.tasks().clone(),
            runtime,
            client,
            // A guest occupies its thread, so more guests than cores only wait for each other.
            guests: Arc::new(Semaphore::new(cores)),
            observation: Arc::new(Observation::new(service.metrics(), &bus)),
            bus,
            loaded: Mutex::default(),
            changes: tokio::sync::Mutex::default(),
        })))
    }

    /// Calls the hooks `before_auth`, `after_auth` and `auth_failed` around an authentication.
    #[must_use]
    pub fn authentication<A: Authenticate>(&self, inner: A) -> PluginAuthentication<A> {
        PluginAuthentication::new(self.clone(), inner)
    }

    pub(super) fn loads_automatically(&self) -> bool {
        let config = &self.0.config;
        config
            .auto_load
            .unwrap_or(self.0.profile == Profile::Development)
    }

    fn hook_requests<C: Settings>(&self, service: &Assembly<C>) {
        let plugins = self.clone();
        service.wrap_routes(move |routes| hooked(routes, &plugins));
    }

    fn watch_health<C: Settings>(&self, service: &Assembly<C>) {
        let plugins = Arc::downgrade(&self.0);
        service
            .health()
            .register(Probe::observed("plugins", false, move || {
                let Some(inner) = plugins.upgrade() else {
                    return Ok(());
                };
                let failed: Vec<String> = Self(inner)
                    .with_status(PluginStatus::Error)
                    .into_iter()
                    .map(|info: PluginInfo| info.metadata.name)
                    .collect();
                match failed.is_empty() {
                    true => Ok(()),
                    false => Err(CheckFailure::new(format!("failed: {}", failed.join(", ")))),
                }
            }));
    }

    fn deliver_events<C: Settings>(&self, service: &Assembly<C>) {
        for number in 0..event::WORKERS {
            let bus = self.0.bus.clone();
            service
                .tasks()
                .supervise(format!("plugin-events-{number}"), move |stop| {
                    let bus = bus.clone();
                    async move { bus.work(&stop).await }
                });
        }
        let (inner, stop) = (Arc::clone(&self.0), service.tasks().stop().clone());
        service.tasks().spawn("plugin-shutdown", async move {
            stop.requested().await;
            let event = crate::Event::new(EventType::SYSTEM_SHUTDOWN, super::SOURCE);
            drop(inner.bus.publish(event).await);
        });
    }
}
