use tower_layer::Layer;

use super::{handle::Retry, service::RetryService};

/// Tries calls of a service again. `classify` tells what an answer means, `replay` which requests may be repeated.
#[derive(Debug, Clone)]
pub struct RetryLayer<C, P> {
    retry: Retry,
    classify: C,
    replay: P,
}

impl<C, P> RetryLayer<C, P> {
    /// A layer around the shared rules and budget.
    pub const fn new(retry: Retry, classify: C, replay: P) -> Self {
        Self {
            retry,
            classify,
            replay,
        }
    }
}

impl<S: Clone, C: Clone, P: Clone> Layer<S> for RetryLayer<C, P> {
    type Service = RetryService<S, C, P>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService::new(
            inner,
            self.retry.clone(),
            self.classify.clone(),
            self.replay.clone(),
        )
    }
}
