use tower_layer::Layer;

use super::{handle::Bulkhead, service::BulkheadService};

/// Puts a bulkhead before a service.
#[derive(Debug, Clone)]
pub struct BulkheadLayer(Bulkhead);

impl BulkheadLayer {
    /// A layer around the shared places.
    #[must_use]
    pub const fn new(bulkhead: Bulkhead) -> Self {
        Self(bulkhead)
    }
}

impl<S> Layer<S> for BulkheadLayer {
    type Service = BulkheadService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService::new(inner, self.0.clone())
    }
}
