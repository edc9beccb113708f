use std::{fmt, future::Future, sync::Arc};

use futures::future::join_all;
use parking_lot::Mutex;
use seaworthy_health::Health;
use tokio::time::{self, Instant};

use super::{config::LifecycleConfig, phase::Phase};
use crate::component::{Component, Stage, still_running};

/// How a stop ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopOutcome {
    /// Everything was finished.
    Clean,
    /// The stop went through, and these were cut off at the limits of their phases.
    CutOff(Vec<String>),
    /// The exit was forced, and these were still running.
    Forced(ForcedBy, Vec<String>),
}

/// What forced an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForcedBy {
    /// The limit for the whole stop.
    Total,
    /// A second signal.
    SecondSignal,
}

impl fmt::Display for ForcedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Total => "the limit for the whole stop has passed",
            Self::SecondSignal => "a second signal came",
        })
    }
}

/// The components of each phase of the stop, in order.
const STAGES: [(Phase, Stage); 6] = [
    (Phase::Requests, Stage::Listener),
    (Phase::Consumers, Stage::Consumer),
    (Phase::Workers, Stage::Worker),
    (Phase::Relays, Stage::Relay),
    (Phase::Pools, Stage::Pool),
    (Phase::Flush, Stage::Admin),
];

/// Walks the second half of the list of [`Phase`]s.
pub(crate) struct Stopping<'a> {
    pub(crate) config: &'a LifecycleConfig,
    pub(crate) health: &'a Health,
    pub(crate) components: Vec<Arc<dyn Component>>,
}

impl Stopping<'_> {
    /// Stops everything in order. `force` completes when a second signal comes.
    pub(crate) async fn run(self, force: impl Future<Output = ()>) -> StopOutcome {
        // A service that was never ready has no traffic that could move away.
        let was_ready = self.health.has_started();
        self.health.set_stopping();
        let end = Instant::now() + self.config.total.get();
        let cut_off = Mutex::new(Vec::new());
        let forced = tokio::select! {
            () = self.phases(was_ready, &cut_off) => None,
            () = time::sleep_until(end) => Some(ForcedBy::Total),
            () = force => Some(ForcedBy::SecondSignal),
        };
        let mut unfinished = cut_off.into_inner();
        match forced {
            None if unfinished.is_empty() => StopOutcome::Clean,
            None => StopOutcome::CutOff(unfinished),
            Some(by) => {
                unfinished.extend(self.components.iter().flat_map(still_running));
                StopOutcome::Forced(by, unfinished)
            }
        }
    }

    async fn phases(&self, was_ready: bool, cut_off: &Mutex<Vec<String>>) {
        if was_ready {
            tracing::info!(phase = %Phase::Drain, delay = %self.config.drain_delay, "not ready from now on");
            time::sleep(self.config.drain_delay.get()).await;
        }
        for (phase, stage) in STAGES {
            let members: Vec<_> = self
                .components
                .iter()
                .filter(|component| component.stage() == stage)
                .collect();
            if members.is_empty() {
                continue;
            }
            let begun = Instant::now();
            members
                .iter()
                .for_each(|component| component.request_stop());
            let all_stopped = join_all(members.iter().map(|component| component.stopped()));
            match time::timeout(self.config.limit(phase).get(), all_stopped).await {
                Ok(_) => tracing::info!(%phase, took = ?begun.elapsed(), "stopped"),
                Err(_elapsed) => {
                    let unfinished: Vec<_> =
                        members.iter().copied().flat_map(still_running).collect();
                    tracing::error!(%phase, unfinished = unfinished.join(", "), "cut off at the limit of the phase");
                    members.iter().for_each(|component| component.abort());
                    cut_off.lock().extend(unfinished);
                }
            }
        }
    }
}
