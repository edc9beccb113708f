use tower_layer::Layer;

use super::{reloadable::ReloadableTimeout, service::TimeoutService};

/// Gives every call at most this long.
#[derive(Debug, Clone)]
pub struct TimeoutLayer(ReloadableTimeout);

impl TimeoutLayer {
    /// A layer with this limit.
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
