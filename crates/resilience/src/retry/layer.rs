use tower_layer::Layer;

use super::{handle::Retry, service::RetryService};

/// A layer that retries calls. `classify` decides which results are failures, `replay` which
/// requests may be sent again.
///
/// ```
/// use seaworthy_resilience::{CallLayer, ClassifyErrors, retry::{ReplayClone, Retry, RetryConfig, RetryLayer}};
/// use seaworthy_telemetry::metrics::Metrics;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let retry = Retry::new("stock", &RetryConfig::default(), &Metrics::new());
/// let stock = ServiceBuilder::new()
///     .layer(RetryLayer::new(retry, ClassifyErrors, ReplayClone))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await.unwrap(), 42);
/// # });
/// ```
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
