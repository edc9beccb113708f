use seaworthy_core::Timeout;
use tower_layer::Layer;

use super::service::TimeoutService;

/// Gives every call at most this long.
#[derive(Debug, Clone, Copy)]
pub struct TimeoutLayer(Timeout);

impl TimeoutLayer {
    /// A layer with this limit.
    #[must_use]
    pub const fn new(limit: Timeout) -> Self {
        Self(limit)
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService::new(inner, self.0)
    }
}
