//! The facts of a service, from which its deployment files are generated (OBS-9, SHIP-3).
//!
//! The settings give listeners, timeouts and dependencies. A started assembly gives metrics,
//! checks, workers, topics and migrations. So both are as they are in the running service.

mod assembled;
mod configured;
mod description;

pub(crate) use assembled::Assembled;
pub(crate) use configured::Configured;
pub use description::Description;
use seaworthy_core::ServiceIdentity;
use seaworthy_facts::{FORMAT, Facts};

/// Joins the facts of the settings and of an assembly.
pub(crate) fn join(
    identity: &ServiceIdentity,
    commands: Vec<String>,
    configured: Configured,
    assembled: Assembled,
) -> Facts {
    let mut listeners = configured.listeners;
    listeners.retain(|listener| listener.name != "grpc" || assembled.has_grpc);
    Facts {
        format: FORMAT,
        name: identity.name().to_owned(),
        version: identity.version().to_owned(),
        profile: configured.profile,
        profile_variable: configured.profile_variable,
        metric_prefix: configured.metric_prefix,
        listeners,
        probes: configured.probes,
        lifecycle: configured.lifecycle,
        dependencies: configured.dependencies,
        checks: assembled.checks,
        breakers: assembled.breakers,
        workers: assembled.workers,
        published_topics: assembled.description.published(),
        subscriptions: assembled.description.subscriptions(),
        migrations: assembled.description.migrations(),
        commands,
        metrics: assembled.metrics,
        values: configured.values,
        settings: configured.settings,
    }
}
