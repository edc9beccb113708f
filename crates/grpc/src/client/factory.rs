use std::sync::Arc;

use seaworthy_resilience::policies::{Policies, Resilience};
use seaworthy_service::{BreakerScope, GrpcClientConfig};

use super::{
    GrpcClientError,
    balance::{Balancer, Resolver},
    channel::Inner,
    idempotent::ReplayCalls,
    observe::ClientMetrics,
    pipelines::Pipelines,
    target::Target,
    transport::Transport,
};

/// Builds the state of a channel, again after each reload of its settings.
pub(super) struct Factory {
    pub(super) name: Arc<str>,
    pub(super) policies: Policies,
    /// The policies of methods. `None` if the policies belong to several clients.
    pub(super) methods: Option<Resilience>,
    pub(super) resolver: Resolver,
    pub(super) replay: ReplayCalls,
    pub(super) metrics: ClientMetrics,
}

impl Factory {
    /// Builds the state of the channel for these settings, with its own connections. Reads TLS
    /// files with blocking calls.
    pub(super) fn build(&self, config: GrpcClientConfig) -> Result<Inner, GrpcClientError> {
        let target = Target::new(&config)?;
        let balancer = Arc::new(Balancer::new(target, Arc::clone(&self.resolver)));
        let transport = Transport {
            balancer: Arc::clone(&balancer),
            attempt_timeout: self.policies.attempt_timeout().clone(),
        };
        let replay = self.replay.clone();
        let pipelines = match (config.breaker_per, &self.methods) {
            (BreakerScope::Method, Some(resilience)) => {
                Pipelines::of_methods(resilience.clone(), &self.name, transport, replay)
            }
            _ => Pipelines::of_dependency(&self.policies, transport, replay),
        };
        Ok(Inner {
            balancer,
            pipelines,
            propagation: config.propagation,
            metrics: self.metrics.clone(),
            policies: self.policies.clone(),
            config,
        })
    }
}
