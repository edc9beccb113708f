//! A running service, started and stopped in the order of [`Phase`].

mod admin;
mod grpc;
mod offline;
mod parts;
mod prepared;
mod probes;
mod public;
mod start_failure;
mod switches;

use std::{
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Instant,
};

use futures::FutureExt as _;
use seaworthy_config::{ConfigErrors, Loaded, Loader, Settings, Watcher};
use seaworthy_core::ServiceIdentity;
use seaworthy_http::{
    Stack,
    server::{Listener, ListenerConfig, ServerHandle},
};
use seaworthy_telemetry::{Telemetry, logs::LineSink};

use self::{
    admin::AdminListener,
    parts::new_parts,
    prepared::{Prepared, prepare},
    probes::ProbeListener,
};
pub(crate) use self::{offline::Offline, start_failure::StartFailure, switches::metrics_switch};
use crate::{
    admin::AdminState,
    assembly::{Assembly, Parts},
    component::{Component, Stage},
    config::FrameworkConfig,
    error_tracking,
    lifecycle::{Phase, StopOutcome, Stopping, Watched},
    listener::{Gate, ListenerComponent},
    preflight, reload,
    service::EarlyResponses,
    settings,
    start_error::StartError,
    task::TaskPanic,
};

/// A service with open listeners.
pub(crate) struct Kernel {
    begun: Instant,
    parts: Parts,
    watcher: Watcher,
    gate: Gate,
    public: ServerHandle,
    admin: AdminListener,
    probes: Option<ProbeListener>,
    addresses: Addresses,
    grpc: OnceLock<SocketAddr>,
}

/// The addresses of the listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The public HTTP listener.
    pub http: SocketAddr,
    /// The admin listener.
    pub admin: SocketAddr,
    /// The gRPC listener, if the service has one and is ready.
    pub grpc: Option<SocketAddr>,
    /// The listener of probes, if the settings have one.
    pub health: Option<SocketAddr>,
}

impl Kernel {
    /// Runs the phases [`Phase::Configure`] to [`Phase::Listen`].
    pub(crate) async fn open<C: Settings>(
        identity: &ServiceIdentity,
        loader: Loader,
        early: EarlyResponses,
    ) -> Result<Self, StartFailure> {
        Self::open_with::<C>(identity, loader, early, None).await
    }

    /// Opens the service as [`open`](Self::open) does, and writes the log to `sink` instead of
    /// stdout.
    pub(crate) async fn open_with_logs<C: Settings>(
        identity: &ServiceIdentity,
        loader: Loader,
        sink: Arc<dyn LineSink>,
    ) -> Result<Self, StartFailure> {
        Self::open_with::<C>(identity, loader, EarlyResponses::default(), Some(sink)).await
    }

    async fn open_with<C: Settings>(
        identity: &ServiceIdentity,
        loader: Loader,
        early: EarlyResponses,
        sink: Option<Arc<dyn LineSink>>,
    ) -> Result<Self, StartFailure> {
        let begun = Instant::now();

        let Prepared {
            loader,
            schema,
            loaded,
            framework,
            violations,
        } = prepare::<C>(loader, true).await?;

        // Phase::Telemetry
        let FrameworkConfig {
            log,
            metrics,
            tracing,
            ..
        } = &*framework;
        let deployed = settings::is_deployed(loaded.profile());
        let telemetry = match sink {
            Some(sink) => {
                Telemetry::start_with_sink(identity, log, metrics, tracing, deployed, sink)
            }
            None => Telemetry::start(identity, log, metrics, tracing, deployed),
        };
        let telemetry =
            telemetry.map_err(|error| StartError::with_cause("telemetry cannot start", error))?;
        preflight::warn(&violations);
        settings::warn_of_ignored(&loaded);

        // Phase::Listen
        let watcher = Watcher::new(settings::with_preflight(loader), schema, loaded.clone());
        let parts = new_parts(identity, &loaded, framework, telemetry);
        {
            let mut added = parts.added.lock();
            added.errors = early.errors;
            added.early_probes = early.probes.map(|probes| probes(&parts.health));
        }
        let (gate, public, http) = public::open(&parts).await?;
        let state = AdminState {
            parts: parts.clone(),
            public: gate.clone(),
            watcher: watcher.clone(),
        };
        let admin = admin::open(state).await?;
        let probes = probes::open(&parts).await?;
        let addresses = Addresses {
            http,
            admin: admin.address,
            grpc: None,
            health: probes.as_ref().map(|probes| probes.address),
        };
        let health = addresses.health.map(tracing::field::display);
        tracing::info!(phase = %Phase::Listen, %http, admin = %admin.address, health, profile = %loaded.profile(), "alive");
        reload::follow(&parts, &watcher)?;
        error_tracking::start(&parts)?;
        reload::listener(
            &parts,
            &watcher,
            "server.http",
            &gate,
            &public,
            |framework| Some(framework.server.http.clone()),
        )?;
        Ok(Self {
            begun,
            parts,
            watcher,
            gate,
            public,
            admin,
            probes,
            addresses,
            grpc: OnceLock::new(),
        })
    }

    /// Runs the phases [`Phase::Assemble`] and [`Phase::Ready`].
    pub(crate) async fn assemble<C, A>(&self, assemble: A) -> Result<(), StartFailure>
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        // Phase::Assemble
        let assembly = assembly(&self.watcher, &self.parts)?;
        match AssertUnwindSafe(assemble(&assembly)).catch_unwind().await {
            Ok(outcome) => outcome?,
            Err(payload) => {
                return Err(StartError::with_cause(
                    "the assemble function of the service failed",
                    TaskPanic::new("assembly", &*payload),
                )
                .into());
            }
        }
        let components = self.parts.added.lock().components.clone();
        for component in components {
            component.check()?;
        }
        self.check_clients().map_err(StartFailure::Invalid)?;
        self.parts.workers.check()?;
        let (routes, admin, probes, errors) = {
            let mut added = self.parts.added.lock();
            let routes = added.routes.take().unwrap_or_default();
            (
                added.wrap(routes),
                added.admin.take(),
                added.probes.take(),
                added.errors.take(),
            )
        };
        let mut builder = self.with_assembly(public::stack(&self.parts, &self.parts.telemetry));
        if let Some(errors) = errors {
            builder = builder.error_renderer(errors);
        }
        let stack = builder
            .build(routes)
            .map_err(|error| StartError::with_cause("the routes cannot be served", error))?;
        let grpc_stack = self.grpc_stack()?;
        let flags = self.parts.added.lock().flags.clone();
        if let Some(flags) = flags {
            let further = grpc_stack.iter().flat_map(Stack::apis);
            let served: Vec<_> = stack.apis().chain(further).map(str::to_owned).collect();
            flags.check_apis(&served);
        }
        if let Some(conflict) = self
            .parts
            .telemetry
            .metrics()
            .conflicts()
            .into_iter()
            .next()
        {
            return Err(StartError::with_cause("a metric cannot be registered", conflict).into());
        }
        self.parts.health.refresh_once().await;

        // Phase::Ready
        let order = stack.order();
        if let Some(routes) = admin {
            self.admin.add(routes)?;
        }
        if let Some(listener) = &self.probes {
            listener.add(&self.parts, probes.unwrap_or_default())?;
        }
        // Everything that may fail comes first, so that a failed start serves no request.
        if let Some(grpc_stack) = grpc_stack {
            self.open_grpc(grpc_stack).await?;
        }
        self.gate.open(stack);
        self.parts.health.set_started();
        let Addresses {
            http, admin, grpc, ..
        } = self.addresses();
        let grpc = grpc.map(tracing::field::display);
        tracing::info!(order, "steps of every request");
        tracing::info!(phase = %Phase::Ready, %http, %admin, grpc, took = ?self.begun.elapsed(), "ready");
        Ok(())
    }

    /// Checks that every entry of `clients` and `grpc_clients` belongs to a client that the
    /// assembly declares. `clients` also holds the policies of other dependencies.
    fn check_clients(&self) -> Result<(), ConfigErrors> {
        let (http, grpc) = {
            let mut added = self.parts.added.lock();
            (
                std::mem::take(&mut added.http_clients),
                std::mem::take(&mut added.grpc_clients),
            )
        };
        let dependencies = self.parts.resilience.snapshot();
        let dependencies = dependencies.iter().map(|policies| &*policies.name);
        let http = http.iter().map(String::as_str).chain(dependencies);
        let loaded = self.watcher.current();
        let errors: Vec<_> = [
            loaded.check_entries("clients", http),
            loaded.check_entries("grpc_clients", grpc.iter().map(String::as_str)),
        ]
        .into_iter()
        .filter_map(Result::err)
        .flat_map(|errors| errors.iter().cloned().collect::<Vec<_>>())
        .collect();
        ConfigErrors::check(errors)
    }

    /// Runs the phases [`Phase::Drain`] to [`Phase::Flush`]. `force` completes at a second signal.
    /// `watched` gets the components.
    pub(crate) async fn stop(
        self,
        watched: &Watched,
        force: impl Future<Output = ()>,
    ) -> StopOutcome {
        let lifecycle = self.parts.framework.lifecycle.clone();
        let mut components = std::mem::take(&mut self.parts.added.lock().components);
        components.push(Arc::new(ListenerComponent::new(
            "http",
            Stage::Listener,
            self.public,
            self.gate,
        )));
        components.push(Arc::new(self.parts.tasks.clone()));
        components.push(Arc::new(self.admin.component));
        if let Some(probes) = self.probes {
            components.push(Arc::new(probes.into_component()));
        }
        let components: Vec<Arc<dyn Component>> = components;
        watched.set_components(&components);
        let stopping = Stopping {
            config: &lifecycle,
            drain_delay: lifecycle.drain_delay_in(self.parts.profile),
            health: &self.parts.health,
            components,
        };
        let outcome = stopping.run(force).await;
        watched.set_flushing();
        match &outcome {
            StopOutcome::Clean => tracing::info!("service stopped"),
            StopOutcome::Aborted(unfinished) => tracing::error!(
                unfinished = unfinished.join(", "),
                "service stopped with unfinished work"
            ),
            StopOutcome::Forced(by, unfinished) => {
                tracing::error!(unfinished = unfinished.join(", "), reason = %by, "forced to exit with unfinished work");
            }
        }
        self.parts
            .telemetry
            .shutdown(lifecycle.flush_timeout.get())
            .await;
        outcome
    }

    pub(crate) fn addresses(&self) -> Addresses {
        Addresses {
            grpc: self.grpc.get().copied(),
            ..self.addresses
        }
    }

    pub(crate) fn watcher(&self) -> &Watcher {
        &self.watcher
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }
}

/// Creates the argument of the assembly function.
fn assembly<C: Settings>(watcher: &Watcher, parts: &Parts) -> Result<Assembly<C>, StartError> {
    let unknown = |error| StartError::with_cause("the settings cannot be read", error);
    Ok(Assembly {
        settings: Arc::new(watcher.current().get::<C>().map_err(unknown)?),
        reloadable: watcher.reloadable::<C>().map_err(unknown)?,
        parts: parts.clone(),
    })
}

fn framework(loaded: &Loaded) -> Result<FrameworkConfig, StartError> {
    loaded
        .get()
        .map_err(|error| StartError::with_cause("the settings cannot be read", error))
}

async fn bind(key: &str, config: &ListenerConfig) -> Result<Listener, StartError> {
    Listener::bind(config).await.map_err(|error| {
        StartError::with_cause(
            format!("the service cannot listen on the address {key}"),
            error,
        )
    })
}
