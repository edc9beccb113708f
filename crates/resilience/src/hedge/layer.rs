use seaworthy_telemetry::metrics::Metrics;
use tower_layer::Layer;

use super::{config::HedgeConfig, hedging::Hedging, service::HedgeService};
use crate::retry::Retry;

/// Sends a second request when the response to the first is late. `replay` decides which requests
/// may be repeated.
///
/// ```
/// use seaworthy_resilience::{CallLayer, hedge::{HedgeConfig, HedgeLayer}, retry::{ReplayClone, Retry, RetryConfig}};
/// use seaworthy_core::Timeout;
/// use seaworthy_telemetry::metrics::Metrics;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let metrics = Metrics::new();
/// let hedge = HedgeConfig { delay: Timeout::from_millis(50) };
/// let budget = Retry::new("stock", &RetryConfig::default(), &metrics);
/// let stock = ServiceBuilder::new()
///     .layer(HedgeLayer::new(&hedge, budget, &metrics, ReplayClone))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await.unwrap(), 42);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct HedgeLayer<P> {
    hedging: Hedging,
    budget: Retry,
    replay: P,
}

impl<P> HedgeLayer<P> {
    /// Creates a layer that uses the retry budget of a dependency.
    pub fn new(config: &HedgeConfig, budget: Retry, metrics: &Metrics, replay: P) -> Self {
        let hedging = Hedging::new(budget.name(), Some(config), metrics);
        Self::with_hedging(hedging, budget, replay)
    }

    pub(crate) const fn with_hedging(hedging: Hedging, budget: Retry, replay: P) -> Self {
        Self {
            hedging,
            budget,
            replay,
        }
    }
}

impl<S, P: Clone> Layer<S> for HedgeLayer<P> {
    type Service = HedgeService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService {
            inner,
            hedging: self.hedging.clone(),
            budget: self.budget.clone(),
            replay: self.replay.clone(),
        }
    }
}
