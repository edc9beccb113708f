use std::sync::Arc;

use seaworthy_config::{Loader, Settings, Watcher};
use seaworthy_core::ServiceIdentity;
use seaworthy_telemetry::logs::{Level, LineSink};

use super::{Prepared, StartFailure, assembly, new_parts, prepare};
use crate::{
    assembly::{Assembly, Parts},
    component::Component,
    lifecycle::{LifecycleConfig, StopOutcome, Stopping, Watched},
    start_error::StartError,
};

/// A service without listeners, in which its own commands run.
pub(crate) struct Offline {
    parts: Parts,
    watcher: Watcher,
}

impl Offline {
    /// Runs the phases of a start that need no listener. Logs only lines of `level` and above.
    pub(crate) async fn open<C: Settings>(
        identity: &ServiceIdentity,
        loader: Loader,
        level: Level,
        sink: Arc<dyn LineSink>,
    ) -> Result<Self, StartFailure> {
        let Prepared {
            loader,
            schema,
            loaded,
            framework,
            violations: _,
        } = prepare::<C>(loader, false).await?;
        let log = seaworthy_telemetry::logs::LogConfig {
            level,
            ..framework.log.clone()
        };
        let deployed = crate::settings::is_deployed(loaded.profile());
        let telemetry = seaworthy_telemetry::Telemetry::start_with_sink(
            identity,
            &log,
            &framework.metrics,
            &framework.tracing,
            deployed,
            sink,
        )
        .map_err(|error| StartError::with_cause("telemetry cannot start", error))?;
        let parts = new_parts(identity, &loaded, framework, telemetry);
        Ok(Self {
            watcher: Watcher::new(loader, schema, loaded),
            parts,
        })
    }

    pub(crate) fn lifecycle(&self) -> &LifecycleConfig {
        &self.parts.framework.lifecycle
    }

    pub(crate) fn assembly<C: Settings>(&self) -> Result<Assembly<C>, StartError> {
        assembly(&self.watcher, &self.parts)
    }

    /// Stops the components in order.
    pub(crate) async fn stop(
        self,
        watched: &Watched,
        force: impl Future<Output = ()>,
    ) -> StopOutcome {
        let lifecycle = &self.parts.framework.lifecycle;
        let mut components = std::mem::take(&mut self.parts.added.lock().components);
        components.push(Arc::new(self.parts.tasks.clone()));
        let components: Vec<Arc<dyn Component>> = components;
        watched.set_components(&components);
        let stopping = Stopping {
            config: lifecycle,
            drain_delay: lifecycle.drain_delay_in(self.parts.profile),
            health: &self.parts.health,
            components,
        };
        let outcome = stopping.run(force).await;
        watched.set_flushing();
        self.parts
            .telemetry
            .shutdown(lifecycle.flush_timeout.get())
            .await;
        outcome
    }
}
