use tower_layer::Layer;

use super::{reloadable::ReloadableTimeout, service::TimeoutService};

/// Limits the duration of every call.
///
/// ```
/// use seaworthy_resilience::{CallLayer, timeout::TimeoutLayer};
/// use seaworthy_core::Timeout;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let stock = ServiceBuilder::new()
///     .layer(TimeoutLayer::new(Timeout::from_millis(250)))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await.unwrap(), 42);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct TimeoutLayer(ReloadableTimeout);

impl TimeoutLayer {
    /// Creates a layer with this limit.
    #[must_use]
    pub fn new(limit: impl Into<ReloadableTimeout>) -> Self {
        Self(limit.into())
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService::new(inner, self.0.clone())
    }
}
