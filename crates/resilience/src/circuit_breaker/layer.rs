use tower_layer::Layer;

use super::{handle::CircuitBreaker, service::CircuitBreakerService};

/// A layer that adds a circuit breaker to a service.
///
/// ```
/// use seaworthy_resilience::{
///     CallLayer, ClassifyErrors,
///     circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerLayer},
/// };
/// use seaworthy_telemetry::metrics::Metrics;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
/// let stock = ServiceBuilder::new()
///     .layer(CircuitBreakerLayer::new(breaker, ClassifyErrors))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item + 1) }));
/// assert_eq!(stock.oneshot(1).await.unwrap(), 2);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct CircuitBreakerLayer<C> {
    breaker: CircuitBreaker,
    classify: C,
}

impl<C> CircuitBreakerLayer<C> {
    /// Creates a layer. `classify` decides which results are failures.
    pub const fn new(breaker: CircuitBreaker, classify: C) -> Self {
        Self { breaker, classify }
    }
}

impl<S, C: Clone> Layer<S> for CircuitBreakerLayer<C> {
    type Service = CircuitBreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(inner, self.breaker.clone(), self.classify.clone())
    }
}
