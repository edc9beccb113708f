use tower_layer::Layer;

use super::{handle::AdaptiveConcurrency, service::AdaptiveConcurrencyService};

/// Sheds load before a service. `classify` tells what an answer means, `prioritize` how important a
/// request is.
#[derive(Debug, Clone)]
pub struct AdaptiveConcurrencyLayer<C, P> {
    limit: AdaptiveConcurrency,
    classify: C,
    prioritize: P,
}

impl<C, P> AdaptiveConcurrencyLayer<C, P> {
    /// A layer around the shared limit.
    pub const fn new(limit: AdaptiveConcurrency, classify: C, prioritize: P) -> Self {
        Self {
            limit,
            classify,
            prioritize,
        }
    }
}

impl<S, C: Clone, P: Clone> Layer<S> for AdaptiveConcurrencyLayer<C, P> {
    type Service = AdaptiveConcurrencyService<S, C, P>;

    fn layer(&self, inner: S) -> Self::Service {
        AdaptiveConcurrencyService::new(
            inner,
            self.limit.clone(),
            self.classify.clone(),
            self.prioritize.clone(),
        )
    }
}
