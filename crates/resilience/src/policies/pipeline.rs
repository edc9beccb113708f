use tower_layer::Layer;

use super::{handle::Policies, limit_gate::LimitGate};
use crate::{
    Call,
    bulkhead::BulkheadService,
    circuit_breaker::CircuitBreakerService,
    retry::RetryService,
    timeout::{Deadline, TimeoutService},
};

/// A service with all policies of its dependency, in the documented order.
pub type Pipeline<S, C, P> = Deadline<
    RetryService<BulkheadService<CircuitBreakerService<TimeoutService<Call<S>>, C>>, C, P>,
    LimitGate<C>,
>;

/// Puts all policies of a dependency around a service.
#[derive(Debug, Clone)]
pub struct PipelineLayer<C, P> {
    policies: Policies,
    classify: C,
    replay: P,
}

impl<C, P> PipelineLayer<C, P> {
    pub(super) const fn new(policies: Policies, classify: C, replay: P) -> Self {
        Self {
            policies,
            classify,
            replay,
        }
    }
}

impl<S: Clone, C: Clone, P: Clone> Layer<S> for PipelineLayer<C, P> {
    type Service = Pipeline<S, C, P>;

    fn layer(&self, inner: S) -> Self::Service {
        let policies = &self.policies;
        let timeout = policies.attempt_timeout().clone();
        let attempt = TimeoutService::new(Call::new(inner), timeout);
        let guarded =
            CircuitBreakerService::new(attempt, policies.breaker().clone(), self.classify.clone());
        let bounded = BulkheadService::new(guarded, policies.bulkhead().clone());
        let retried = RetryService::new(
            bounded,
            policies.retry().clone(),
            self.classify.clone(),
            self.replay.clone(),
        );
        let gate = LimitGate::new(policies.outgoing().clone(), self.classify.clone());
        let timeout = policies.total_timeout().clone();
        Deadline::gated(retried, policies.name(), timeout, gate)
    }
}
