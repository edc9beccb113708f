use parking_lot::Mutex;
use seaworthy_core::error_chain;
use seaworthy_health::CheckFailure;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    metrics::ConsumerMetrics,
    transport::{SubscriptionPlan, TransportError},
};

/// The state of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumerReport {
    /// The consumer group.
    pub group: String,
    /// Its topics.
    pub topics: Vec<String>,
    /// Whether the subscription is connected to the broker.
    pub connected: bool,
    /// Whether an operator has paused the subscription.
    pub paused: bool,
    /// The number of messages that are neither acknowledged nor released.
    pub unacknowledged: i64,
    /// The number of messages that the group had not acknowledged at the last measurement.
    pub lag: Option<u64>,
    /// The number of messages handled since the start.
    pub consumed: u64,
    /// The error that interrupted the subscription last.
    pub last_error: Option<String>,
}

/// The observable state of a consumer.
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

    pub(super) fn record_error(&self, error: &TransportError) {
        self.facts.lock().last_error = Some(error_chain(error));
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// Completes when the subscription is paused.
    pub(super) async fn paused(&self) {
        // The sender is a field of `self`, so the wait cannot fail.
        let _ = self.paused.subscribe().wait_for(|paused| *paused).await;
    }

    pub(super) fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Completes when the subscription is not paused. Returns `false` if the stop comes first.
    pub(super) async fn wait_while_paused(&self, stop: &CancellationToken) -> bool {
        let mut paused = self.paused.subscribe();
        tokio::select! {
            _ = paused.wait_for(|paused| !*paused) => true,
            () = stop.cancelled() => false,
        }
    }

    /// Checks the health of the subscription (HLTH-4). A paused subscription is healthy.
    pub(crate) fn check(&self, max_lag: Option<u64>) -> Result<(), CheckFailure> {
        if *self.paused.borrow() {
            return Ok(());
        }
        let facts = self.facts.lock();
        if !facts.connected {
            let why = facts
                .last_error
                .as_deref()
                .unwrap_or("the subscription has not reached the broker since the start");
            return Err(CheckFailure::new(format!("not connected: {why}")));
        }
        match (facts.lag, max_lag) {
            (Some(lag), Some(limit)) if lag > limit => Err(CheckFailure::new(format!(
                "the lag is {lag} messages, but max_lag is {limit}"
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
