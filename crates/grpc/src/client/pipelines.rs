use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use seaworthy_resilience::{
    circuit_breaker::{BreakerState, CircuitBreaker},
    policies::{Pipeline, Policies, Resilience},
};
use tower_layer::Layer as _;

use super::{classify::ClassifyGrpc, idempotent::ReplayCalls, transport::Transport};

/// Maximum methods with their own breaker. The breaker of the dependency covers further ones.
const MAX_METHODS: usize = 256;

type Calls = Pipeline<Transport, ClassifyGrpc, ReplayCalls>;

/// The policies of calls: of the dependency, or of each method.
pub(super) struct Pipelines {
    dependency: Calls,
    methods: Option<Methods>,
}

struct Methods {
    /// The breaker of the dependency, which an operator can hold.
    breaker: CircuitBreaker,
    resilience: Resilience,
    name: Arc<str>,
    transport: Transport,
    replay: ReplayCalls,
    known: RwLock<HashMap<String, Calls>>,
}

impl Pipelines {
    /// Creates one pipeline for all calls.
    pub(super) fn of_dependency(
        policies: &Policies,
        transport: Transport,
        replay: ReplayCalls,
    ) -> Self {
        Self {
            dependency: policies.layer(ClassifyGrpc, replay).layer(transport),
            methods: None,
        }
    }

    /// Creates one pipeline for each method at its first call.
    pub(super) fn of_methods(
        resilience: Resilience,
        name: &Arc<str>,
        transport: Transport,
        replay: ReplayCalls,
    ) -> Self {
        let policies = resilience.dependency(name);
        Self {
            methods: Some(Methods {
                breaker: policies.breaker().clone(),
                resilience,
                name: Arc::clone(name),
                transport: transport.clone(),
                replay: replay.clone(),
                known: RwLock::default(),
            }),
            ..Self::of_dependency(&policies, transport, replay)
        }
    }

    /// Returns the pipeline of a call to `/package.Service/Method`.
    pub(super) fn of(&self, path: &str) -> Calls {
        let of_method = |methods: &Methods| methods.of(path.trim_start_matches('/'));
        let own = self.methods.as_ref().and_then(of_method);
        own.unwrap_or_else(|| self.dependency.clone())
    }
}

impl Methods {
    /// Returns the pipeline of a method. `None` if the policies of the dependency apply: while its
    /// breaker is held open, and until later calls have closed it.
    fn of(&self, method: &str) -> Option<Calls> {
        if self.breaker.state() != BreakerState::Closed {
            return None;
        }
        if let Some(calls) = self.known.read().get(method) {
            return Some(calls.clone());
        }
        let mut known = self.known.write();
        if known.len() >= MAX_METHODS && !known.contains_key(method) {
            return None;
        }
        let new = || {
            let policies = self.resilience.endpoint(&self.name, method);
            let layer = policies.layer(ClassifyGrpc, self.replay.clone());
            layer.layer(self.transport.clone())
        };
        let calls = known.entry(method.to_owned()).or_insert_with(new);
        Some(calls.clone())
    }
}
