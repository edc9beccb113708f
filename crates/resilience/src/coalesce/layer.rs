use std::{hash::Hash, marker::PhantomData};

use seaworthy_telemetry::metrics::{Counter, Metrics};
use tower_layer::Layer;
use tower_service::Service;

use super::service::CoalesceService;

/// Makes one call for equal requests. `key` returns the identity of a request. A request with the
/// key `None` is not shared.
///
/// ```
/// use seaworthy_resilience::coalesce::CoalesceLayer;
/// use seaworthy_telemetry::metrics::Metrics;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let stock = ServiceBuilder::new()
///     .layer(CoalesceLayer::new("stock", &Metrics::new(), |item: &u32| Some(*item)))
///     .service(service_fn(|item: u32| async move { Ok::<_, &'static str>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await, Ok(42));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct CoalesceLayer<F, Request> {
    key: F,
    coalesced: Counter,
    request: PhantomData<fn(Request)>,
}

/// The counter of requests that shared the call of another request.
pub(crate) fn coalesced(name: &str, metrics: &Metrics) -> Counter {
    metrics.counter(
        "coalesced_total",
        "Requests that shared the response of an identical request.",
        &[("name", name)],
    )
}

impl<F, Request> CoalesceLayer<F, Request> {
    /// Creates a layer with this name.
    pub fn new(name: &str, metrics: &Metrics, key: F) -> Self {
        Self::counting(coalesced(name, metrics), key)
    }

    pub(crate) const fn counting(coalesced: Counter, key: F) -> Self {
        Self {
            key,
            coalesced,
            request: PhantomData,
        }
    }
}

impl<S, F, K, Request> Layer<S> for CoalesceLayer<F, Request>
where
    S: Service<Request>,
    F: Fn(&Request) -> Option<K> + Clone,
    K: Hash + Eq,
{
    type Service = CoalesceService<S, F, K, Request>;

    fn layer(&self, inner: S) -> Self::Service {
        CoalesceService::new(inner, self.key.clone(), self.coalesced.clone())
    }
}
