use tower_layer::Layer;

use super::{handle::Retry, service::RetryService};

/// A layer that retries calls. `classify` decides which results are failures, `replay` which
/// requests may be sent again.
#[derive(Debug, Clone)]
pub struct RetryLayer<C, P> {
    retry: Retry,
    classify: C,
    replay: P,
}

impl<C, P> RetryLayer<C, P> {
    /// Creates a layer with a shared policy and budget.
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
