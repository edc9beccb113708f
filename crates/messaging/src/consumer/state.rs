use parking_lot::Mutex;
use seaworthy_health::CheckFailure;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    metrics::ConsumerMetrics,
    transport::{SubscriptionPlan, TransportError},
};

/// A subscription at one moment, for operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumerReport {
    /// The group.
    pub group: String,
    /// Its topics.
    pub topics: Vec<String>,
    /// Whether messages can come.
    pub connected: bool,
    /// Whether taking messages is paused by hand.
    pub paused: bool,
    /// Messages that are neither acknowledged nor given back.
    pub unacknowledged: i64,
    /// Messages that the group had not acknowledged when it was asked last.
    pub lag: Option<u64>,
    /// Messages handled since the start.
    pub consumed: u64,
    /// Why no messages come, or did not come last.
    pub last_error: Option<String>,
}

/// What a consumer knows of itself.
#[derive(Debug)]
pub(crate) struct State {
    facts: Mutex<Facts>,
    paused: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Facts {
    connected: bool,
    lag: Option<u64>,
    last_error: Option<String>,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            facts: Mutex::default(),
            paused: watch::Sender::new(false),
        }
    }

    pub(super) fn set_connected(&self, connected: bool) {
        self.facts.lock().connected = connected;
    }

    pub(super) fn set_lag(&self, lag: u64) {
        self.facts.lock().lag = Some(lag);
    }

    pub(super) fn failed(&self, error: &TransportError) {
        let cause = std::error::Error::source(error);
        let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        self.facts.lock().last_error = Some(text);
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// Completes when taking messages is paused.
    pub(super) async fn paused(&self) {
        // The sender lives in self, so the wait cannot fail.
        let _ = self.paused.subscribe().wait_for(|paused| *paused).await;
    }

    /// Returns `false` when the stop came first.
    pub(super) async fn wait_while_paused(&self, stop: &CancellationToken) -> bool {
        let mut paused = self.paused.subscribe();
        tokio::select! {
            _ = paused.wait_for(|paused| !*paused) => true,
            () = stop.cancelled() => false,
        }
    }

    /// Whether messages come and are handled (HLTH-4). A pause is no sickness: somebody wanted it.
    pub(crate) fn check(&self, max_lag: Option<u64>) -> Result<(), CheckFailure> {
        if *self.paused.borrow() {
            return Ok(());
        }
        let facts = self.facts.lock();
        if !facts.connected {
            let why = facts.last_error.as_deref().unwrap_or("not connected yet");
            return Err(CheckFailure::new(format!("no messages come: {why}")));
        }
        match (facts.lag, max_lag) {
            (Some(lag), Some(limit)) if lag > limit => Err(CheckFailure::new(format!(
                "{lag} messages wait; at most {limit} should"
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn report(
        &self,
        plan: &SubscriptionPlan,
        metrics: &ConsumerMetrics,
    ) -> ConsumerReport {
        let facts = self.facts.lock();
        ConsumerReport {
            group: plan.group.to_string(),
            topics: plan.topics.iter().map(ToString::to_string).collect(),
            connected: facts.connected,
            paused: *self.paused.borrow(),
            unacknowledged: metrics.unacknowledged.get(),
            lag: facts.lag,
            consumed: metrics.consumed.get(),
            last_error: facts.last_error.clone(),
        }
    }
}
