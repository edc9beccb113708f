use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use seaworthy_client::{AllowedAddresses, HttpClient, HttpClientConfig, Propagation};
use seaworthy_config::{Profile, Settings};
use seaworthy_core::SwitchKind;
use seaworthy_http::Authenticate;
use seaworthy_service::{Assembly, Phase, StartError};
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

use super::{
    ActivePoints, Detached, Inner, MAX_GUESTS_PER_CORE, MAX_THREAD_GUESTS_PER_CORE,
    MAX_WAITING_GUESTS_PER_CORE, Observation, PluginLocks, Plugins, RequestPlugins,
    RequiredFunctions, Updates, after_hooks::MAX_TASKS, cores, folder_order::check_folder,
    request_plugins::BeforePlugins, shutdown::Shutdown,
};
use crate::{
    Capability, Event, EventBus, EventType, PluginAuthentication, PluginSecurityConfig,
    PluginsConfig,
    config::{MAX_CPU_PERCENT, MAX_MEMORY},
    manifest::public_key,
    middleware::{AddressLimit, hooked},
    sandbox::{GuestThreads, Permits},
};

/// The name of the client of the capability `http`.
const CLIENT: &str = "plugins";
/// The name of the flag that turns plugins off (FLAG-2).
const SWITCH: &str = "plugin_system";
/// The name of the threads of guests in listings of the system.
const GUESTS: &str = "plugin-guest";
/// The name of the thread of compilations in listings of the system.
const COMPILER: &str = "plugin-compile";

impl Plugins {
    /// Opens and serves the plugins of a service. Call it before you add routes.
    ///
    /// # Errors
    /// Those of [`open`](Self::open) and [`serve`](Self::serve).
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        config: &PluginsConfig,
    ) -> Result<Self, StartError> {
        let plugins = Self::open(service, config)?;
        plugins.serve(service).await?;
        Ok(plugins)
    }

    /// Serves the plugins: their hooks, the admin endpoints `/plugins`, the health check `plugins`,
    /// and the workers of events. Call it before you add routes. To get the events about the
    /// plugins of the folder, add handlers to [`events`](Self::events) first.
    ///
    /// With `auto_load` it loads and starts all plugins of the folder, and follows changes of the
    /// folder. Otherwise it loads and starts `plugins.required`, and follows the settings of loaded
    /// plugins. With `enabled = false` it only delivers events.
    ///
    /// When the service stops, the plugins stop after its requests, workers and relays.
    ///
    /// # Errors
    /// - A plugin of `plugins.required`, or with `auto_load` a plugin of the folder, cannot be
    ///   started.
    /// - A plugin of `plugins.security.min_versions`, or with `trusted_keys` in its grant, has no
    ///   folder.
    pub async fn serve<C: Settings>(&self, service: &Assembly<C>) -> Result<(), StartError> {
        self.deliver_events(service);
        self.require()?;
        if !self.0.config.enabled {
            return Ok(());
        }
        check_named_folders(&self.0.config)?;
        service.component(Shutdown(self.clone()));
        self.hook_requests(service);
        self.watch_health(service);
        service.admin(crate::admin::routes(self));
        if self.loads_automatically() {
            self.follow_folder(service.tasks()).await?;
        }
        self.load_required().await?;
        self.follow_enabled(service.tasks());
        if !self.loads_automatically() {
            self.follow_settings(service.tasks());
        }
        let started = Event::new(EventType::SYSTEM_STARTUP, super::SOURCE);
        if let Err(error) = self.0.bus.publish_async(started) {
            tracing::warn!(problem = %error, "the start event was dropped");
        }
        Ok(())
    }

    /// Opens the plugins of a service without loading or serving them. Commands use this function.
    ///
    /// # Errors
    /// - The profile is production, and the settings of the sandbox are not safe (PLUG-2).
    /// - A trusted key is not valid.
    /// - The HTTP client cannot be built.
    pub fn open<C: Settings>(
        service: &Assembly<C>,
        config: &PluginsConfig,
    ) -> Result<Self, StartError> {
        check_profile(&config.security, service.profile())?;
        check_keys(config)?;
        let bus = EventBus::new(config.max_queued_events);
        Ok(Self(Arc::new(Inner {
            config: config.clone(),
            profile: service.profile(),
            hooks: ArcSwap::default(),
            active: ActivePoints::default(),
            without_plugins: Arc::new(RequestPlugins::new(Arc::default())),
            in_use_since: OnceLock::new(),
            before_plugins: Arc::new(BeforePlugins),
            // A plugin may decide about access.
            switch: service.switches().register(SWITCH, SwitchKind::Security),
            tasks: service.tasks().clone(),
            stop_timeout: stop_timeout(service, Phase::Workers),
            shutdown_timeout: stop_timeout(service, Phase::Pools),
            runtime: OnceLock::new(),
            clients: clients(service, config)?,
            guests: Permits::new(MAX_GUESTS_PER_CORE * cores()),
            waiting_guests: Permits::new(MAX_WAITING_GUESTS_PER_CORE * cores()),
            thread_guests: Permits::new(MAX_THREAD_GUESTS_PER_CORE * cores()),
            worker_guests: Arc::new(Semaphore::new(
                Handle::try_current().map_or(0, |handle| max_worker_guests(&handle)),
            )),
            // Each guest has a permit of `guests`, so no guest waits for a thread.
            threads: Arc::new(GuestThreads::new(GUESTS, MAX_GUESTS_PER_CORE * cores())),
            after_tasks: Permits::new(MAX_TASKS),
            compiler: GuestThreads::new(COMPILER, 1),
            observation: Arc::new(Observation::new(service, &bus)),
            bus,
            loaded: Mutex::default(),
            detached: Detached::default(),
            initializing: Mutex::default(),
            failures: Mutex::default(),
            address_limit: AddressLimit::new(&config.auth_rate_limit, service.metrics()),
            is_served: AtomicBool::new(false),
            asks_policies: AtomicBool::new(false),
            required_functions: RequiredFunctions::new(&config.required),
            loads: Arc::default(),
            changes: PluginLocks::default(),
            updates: Updates::default(),
        })))
    }

    /// Returns an authentication that also calls the hooks `before_auth`, `after_auth` and
    /// `auth_failed`, unless `plugins.enabled` is false.
    #[must_use]
    pub fn authentication<A: Authenticate>(&self, inner: A) -> PluginAuthentication<A> {
        PluginAuthentication::new(self, inner)
    }

    pub(super) fn loads_automatically(&self) -> bool {
        self.0.config.loads_automatically(self.0.profile)
    }

    fn hook_requests<C: Settings>(&self, service: &Assembly<C>) {
        let plugins = self.clone();
        service.wrap_routes(move |routes| hooked(routes, &plugins));
    }

    fn deliver_events<C: Settings>(&self, service: &Assembly<C>) {
        let bus = self.0.bus.clone();
        let stop_timeout = self.0.stop_timeout;
        service.tasks().supervise("plugin-events", move |stop| {
            let bus = bus.clone();
            async move { bus.work(&stop, stop_timeout).await }
        });
        let (inner, stop) = (Arc::clone(&self.0), service.tasks().stop().clone());
        service.tasks().spawn("plugin-shutdown", async move {
            stop.requested().await;
            let event = Event::new(EventType::SYSTEM_SHUTDOWN, super::SOURCE);
            drop(timeout(stop_timeout, inner.bus.publish(event)).await);
        });
    }
}

/// Checks that production has safe settings. Preflight checks only the settings that a service
/// reads from its files, and a service may create them in its code.
///
/// # Errors
/// Plugins need no signature, or use more than PLUG-2 permits.
fn check_profile(security: &PluginSecurityConfig, profile: Profile) -> Result<(), StartError> {
    if profile != Profile::Production {
        return Ok(());
    }
    let problem = if security.allow_unsigned {
        "allow_unsigned must be false in production (PLUG-2): sign the plugins and list the key in plugins.security.trusted_keys"
    } else if security.max_memory(profile) > MAX_MEMORY {
        "max_memory must be at most 100MiB in production (PLUG-2)"
    } else if security.max_cpu_percent(profile) > MAX_CPU_PERCENT {
        "max_cpu_percent must be at most 10 in production (PLUG-2)"
    } else {
        return Ok(());
    };
    Err(StartError::new(format!("plugins.security.{problem}")))
}

/// Checks the trusted keys of all plugins and those of single plugins.
///
/// # Errors
/// A key is not valid.
fn check_keys(config: &PluginsConfig) -> Result<(), StartError> {
    let shared = ("plugins.security".to_owned(), &config.security.trusted_keys);
    let own = config.grants.iter().filter_map(|(name, grant)| {
        let keys = grant.trusted_keys.as_ref()?;
        Some((format!("plugins.grants.{name}"), keys))
    });
    for (setting, keys) in std::iter::once(shared).chain(own) {
        if let Some(position) = keys.iter().position(|key| public_key(key).is_none()) {
            return Err(StartError::new(format!(
                "{setting}.trusted_keys[{position}] is not an Ed25519 public key (32 bytes in Base64)"
            )));
        }
    }
    Ok(())
}

/// Checks that each plugin with a minimum version or with keys of its own has a folder. The service
/// would ignore a minimum or keys with a misspelled name.
///
/// # Errors
/// A plugin does not have a folder.
fn check_named_folders(config: &PluginsConfig) -> Result<(), StartError> {
    let minimums = config.security.min_versions.keys();
    let minimums = minimums.map(|name| ("plugins.security.min_versions".to_owned(), name));
    let keys = config.grants.iter().filter_map(|(name, grant)| {
        let is_set = grant.trusted_keys.is_some();
        is_set.then(|| (format!("plugins.grants.{name}.trusted_keys"), name))
    });
    let folder = &config.directory;
    let mut named = minimums.chain(keys);
    let Some((setting, name)) = named.find(|(_, name)| check_folder(folder, name).is_err()) else {
        return Ok(());
    };
    Err(StartError::new(format!(
        "{setting} names {name:?}, which does not have a folder in {}: correct the name or remove it",
        folder.display()
    )))
}

/// Builds a client for each plugin with a grant of the capability `http`. The clients share the
/// settings `clients.plugins`, and each has its own policies. So the failures of one plugin do not
/// open the circuit breaker of another one. They send no IDs of requests and traces to third
/// parties.
///
/// # Errors
/// A client cannot be built.
fn clients<C: Settings>(
    service: &Assembly<C>,
    config: &PluginsConfig,
) -> Result<BTreeMap<String, HttpClient>, StartError> {
    service.declare_http_client(CLIENT);
    let grants = config.grants.iter();
    let mut grants = grants
        .filter(|(_, grant)| grant.capabilities.contains(&Capability::Http))
        .peekable();
    if grants.peek().is_none() {
        return Ok(BTreeMap::new());
    }
    let failed =
        |error| StartError::with_cause("the HTTP client of plugins cannot be built", error);
    let shared = service.framework().clients.get(CLIENT).cloned();
    let shared = shared.unwrap_or_default();
    let identity = service.identity();
    let agent = format!("{}/{}", identity.name(), identity.version());
    let clients = grants.map(|(plugin, grant)| {
        let addresses = match grant.internal_addresses {
            true => AllowedAddresses::Any,
            false => AllowedAddresses::Public,
        };
        let configure = move |shared: Option<&HttpClientConfig>| HttpClientConfig {
            propagation: Propagation::None,
            addresses,
            ..shared.cloned().unwrap_or_default()
        };
        let name = format!("{CLIENT}/{plugin}");
        let client = HttpClient::builder(&name)
            .config(shared.clone())
            .configure(configure)
            // A reload of `clients.plugins` changes all members of this group.
            .follow(service.http_clients(), CLIENT)
            .policies(service.resilience().dependency(&name))
            .metrics(service.metrics())
            .tracer(service.telemetry().tracer())
            .user_agent(&agent)
            .build();
        Ok((plugin.clone(), client.map_err(failed)?))
    });
    clients.collect()
}

/// Returns the time after which work of plugins ends in a phase of the stop, so that the service
/// does not abort it.
fn stop_timeout<C: Settings>(service: &Assembly<C>, phase: Phase) -> Duration {
    let timeout = service.framework().lifecycle.timeout(phase).get();
    timeout - timeout / 10
}

/// Returns how many guests may occupy a worker of the runtime: one fewer than there are workers.
fn max_worker_guests(handle: &Handle) -> usize {
    handle.metrics().num_workers().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use seaworthy_core::{ByteSize, error_chain};

    use super::*;

    #[test]
    fn production_needs_safe_settings_plug_2() {
        let safe = PluginSecurityConfig {
            max_memory: Some(ByteSize::mebibytes(100)),
            max_cpu_percent: Some(10),
            ..PluginSecurityConfig::default()
        };
        let problem = |security: &PluginSecurityConfig, profile| {
            let checked = check_profile(security, profile);
            checked.map_err(|error| error_chain(&error).to_string())
        };
        assert_eq!(problem(&safe, Profile::Production), Ok(()));
        let unsafe_ones = [
            PluginSecurityConfig {
                allow_unsigned: true,
                ..safe.clone()
            },
            PluginSecurityConfig {
                max_memory: Some(ByteSize::mebibytes(101)),
                ..safe.clone()
            },
            PluginSecurityConfig {
                max_cpu_percent: Some(11),
                ..safe
            },
        ];
        for security in unsafe_ones {
            assert_eq!(problem(&security, Profile::Staging), Ok(()));
            let refused = problem(&security, Profile::Production).unwrap_err();
            assert!(refused.contains("in production (PLUG-2)"), "{refused}");
        }
    }
}
