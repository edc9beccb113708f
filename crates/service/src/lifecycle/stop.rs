use std::{collections::BTreeMap, fmt, future::Future, sync::Arc, time::Duration};

use futures::future::join_all;
use parking_lot::Mutex;
use seaworthy_core::Delay;
use seaworthy_health::Health;
use tokio::time::{self, Instant};

use super::{config::LifecycleConfig, phase::Phase};
use crate::component::{Component, Stage, still_running};

/// The maximum time for aborted work to end. In this time, an aborted task can store its result,
/// because the connection pools close later.
const ABORT_TIMEOUT: Duration = Duration::from_secs(1);

/// The result of a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopOutcome {
    /// All work finished.
    Clean,
    /// The stop completed, and aborted this work at the timeout of its phase.
    Aborted(Vec<String>),
    /// The exit was forced while this work was running.
    Forced(ForceReason, Vec<String>),
}

/// The reason of a forced exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForceReason {
    /// The total timeout of the stop.
    TotalTimeout,
    /// A second signal.
    SecondSignal,
}

impl fmt::Display for ForceReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TotalTimeout => "the total timeout of the stop expired",
            Self::SecondSignal => "the process received a second signal",
        })
    }
}

/// Runs the phases of the stop in order.
pub(crate) struct Stopping<'a> {
    pub(crate) config: &'a LifecycleConfig,
    pub(crate) drain_delay: Delay,
    pub(crate) health: &'a Health,
    pub(crate) components: Vec<Arc<dyn Component>>,
}

impl Stopping<'_> {
    /// Stops all components in order. `force` completes at a second signal.
    pub(crate) async fn run(self, force: impl Future<Output = ()>) -> StopOutcome {
        // A service that was never ready does not get traffic, so it does not drain.
        let was_ready = self.health.has_started();
        self.health.set_stopping();
        let deadline = Instant::now() + self.config.total_timeout.get();
        let cut_off = Mutex::new(Vec::new());
        let forced = tokio::select! {
            () = self.phases(was_ready, &cut_off) => None,
            () = time::sleep_until(deadline) => Some(ForceReason::TotalTimeout),
            () = force => Some(ForceReason::SecondSignal),
        };
        let mut unfinished = cut_off.into_inner();
        match forced {
            None if unfinished.is_empty() => StopOutcome::Clean,
            None => StopOutcome::Aborted(unfinished),
            Some(by) => {
                unfinished.extend(self.components.iter().flat_map(still_running));
                StopOutcome::Forced(by, unfinished)
            }
        }
    }

    async fn phases(&self, was_ready: bool, cut_off: &Mutex<Vec<String>>) {
        if was_ready {
            tracing::info!(phase = %Phase::Drain, delay = %self.drain_delay, "draining: readiness probes fail");
            time::sleep(self.drain_delay.get()).await;
        }
        // The order of the stages is the order of the stop. Every component has a stage, so none
        // can be left out.
        let mut stages: BTreeMap<Stage, Vec<_>> = BTreeMap::new();
        for component in &self.components {
            let members = stages.entry(component.stage()).or_default();
            members.push(component);
        }
        for (stage, members) in stages {
            let phase = stage.phase();
            let names = members.iter().map(|component| component.name());
            let components = names.collect::<Vec<_>>().join(", ");
            let begun = Instant::now();
            members
                .iter()
                .for_each(|component| component.request_stop());
            let all_stopped = || join_all(members.iter().map(|component| component.stopped()));
            match time::timeout(self.config.timeout(phase).get(), all_stopped()).await {
                Ok(_) => tracing::info!(%phase, components, took = ?begun.elapsed(), "stopped"),
                Err(_elapsed) => {
                    let unfinished: Vec<_> =
                        members.iter().copied().flat_map(still_running).collect();
                    tracing::error!(%phase, unfinished = unfinished.join(", "), "aborted at the timeout of the phase");
                    members.iter().for_each(|component| component.abort());
                    cut_off.lock().extend(unfinished);
                    let _ = time::timeout(ABORT_TIMEOUT, all_stopped()).await;
                }
            }
        }
    }
}
