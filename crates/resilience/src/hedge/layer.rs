use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use tower_layer::Layer;

use super::{config::HedgeConfig, service::HedgeService};
use crate::retry::Retry;

/// Sends a second request when the answer to the first is late. `replay` decides which requests may
/// be repeated.
#[derive(Debug, Clone)]
pub struct HedgeLayer<P> {
    delay: Timeout,
    budget: Retry,
    hedges: Counter,
    replay: P,
}

/// The counter of the hedges of a dependency.
pub(crate) fn hedges(name: &str, metrics: &Metrics) -> Counter {
    metrics.counter(
        "hedges_total",
        "Second requests sent because an answer was late.",
        &[("name", name)],
    )
}

impl<P> HedgeLayer<P> {
    /// A layer that spends from the budget of a dependency's retries.
    pub fn new(config: &HedgeConfig, budget: Retry, metrics: &Metrics, replay: P) -> Self {
        let hedges = hedges(budget.name(), metrics);
        Self::counting(config, budget, hedges, replay)
    }

    pub(crate) fn counting(
        config: &HedgeConfig,
        budget: Retry,
        hedges: Counter,
        replay: P,
    ) -> Self {
        Self {
            delay: config.delay,
            budget,
            hedges,
            replay,
        }
    }
}

impl<S, P: Clone> Layer<S> for HedgeLayer<P> {
    type Service = HedgeService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService {
            inner,
            delay: self.delay,
            budget: self.budget.clone(),
            hedges: self.hedges.clone(),
            replay: self.replay.clone(),
        }
    }
}
