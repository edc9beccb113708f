use tower_layer::Layer;

use super::{handle::Bulkhead, service::BulkheadService};

/// Adds a bulkhead to a service.
///
/// ```
/// use seaworthy_resilience::{CallLayer, bulkhead::{Bulkhead, BulkheadConfig, BulkheadLayer}};
/// use seaworthy_telemetry::metrics::Metrics;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let bulkhead = Bulkhead::new("stock", &BulkheadConfig::default(), &Metrics::new());
/// let stock = ServiceBuilder::new()
///     .layer(BulkheadLayer::new(bulkhead))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await.unwrap(), 42);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct BulkheadLayer(Bulkhead);

impl BulkheadLayer {
    /// Creates a layer with shared permits.
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
