use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use seaworthy_resilience::{
    circuit_breaker::{BreakerState, CircuitBreaker},
    policies::{Pipeline, Policies, Resilience},
};
use tower_layer::Layer as _;

use super::{classify::ClassifyGrpc, repeatable::ReplayCalls, transport::Transport};

/// More than the methods of any contract that people read; what is called beyond them is judged by the breaker of the dependency.
const MOST_METHODS: usize = 256;

type Calls = Pipeline<Transport, ClassifyGrpc, ReplayCalls>;

/// The policies that calls pass: of the dependency, and of each method where each has its own.
pub(super) struct Pipelines {
    dependency: Calls,
    methods: Option<Methods>,
}

struct Methods {
    /// That of the dependency: an operator holds it.
    breaker: CircuitBreaker,
    resilience: Resilience,
    name: Arc<str>,
    transport: Transport,
    replay: ReplayCalls,
    known: RwLock<HashMap<String, Calls>>,
}

impl Pipelines {
    /// One for all calls.
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

    /// One for each method, made at its first call.
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

    /// The policies of a call to `/package.Service/Method`.
    pub(super) fn of(&self, path: &str) -> Calls {
        let of_method = |methods: &Methods| methods.of(path.trim_start_matches('/'));
        let own = self.methods.as_ref().and_then(of_method);
        own.unwrap_or_else(|| self.dependency.clone())
    }
}

impl Methods {
    /// `None` where the policies of the dependency have the word: while its breaker is held open, and until the calls after that have closed it.
    fn of(&self, method: &str) -> Option<Calls> {
        if self.breaker.state() != BreakerState::Closed {
            return None;
        }
        if let Some(calls) = self.known.read().get(method) {
            return Some(calls.clone());
        }
        let mut known = self.known.write();
        if known.len() >= MOST_METHODS && !known.contains_key(method) {
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
