use std::{fmt, sync::Arc};

use seaworthy_client::Resolve;
use seaworthy_config::Settings;
use seaworthy_resilience::policies::{Policies, PoliciesConfig, Resilience, ResilienceConfig};
use seaworthy_service::{Assembly, BreakerPer, GrpcClientConfig};
use seaworthy_telemetry::{metrics::Metrics, tracer::Tracer};

use super::{
    GrpcChannel, GrpcClientError,
    balance::{Balancer, Resolver},
    channel::Inner,
    observe::ClientMetrics,
    pipelines::Pipelines,
    repeatable::{RepeatableMethods, ReplayCalls},
    target::Target,
    transport::Transport,
};

/// Makes a channel. Everything but the URL has a safe default.
pub struct GrpcChannelBuilder {
    name: Arc<str>,
    config: GrpcClientConfig,
    policies: Option<Policies>,
    resilience: Option<Resilience>,
    metrics: Metrics,
    tracer: Tracer,
    resolver: Option<Resolver>,
    methods: Result<RepeatableMethods, GrpcClientError>,
}

impl GrpcChannelBuilder {
    pub(super) fn new(name: &str, config: GrpcClientConfig) -> Self {
        Self {
            name: name.into(),
            config,
            policies: None,
            resilience: None,
            metrics: Metrics::new(),
            tracer: Tracer::disabled(),
            resolver: None,
            methods: Ok(RepeatableMethods::default()),
        }
    }

    /// The contract of the dependency, as the encoded `FileDescriptorSet` that compilers of contracts write (`Contract::DESCRIPTORS`): its methods with the option
    /// `idempotency_level` are tried again.
    #[must_use]
    pub fn contract(mut self, descriptors: &[u8]) -> Self {
        self.methods = self.methods.and_then(|mut methods| {
            methods.read(descriptors)?;
            Ok(methods)
        });
        self
    }

    /// Policies that others use too, instead of `policies` of the settings: one dependency has one breaker, however it is called.
    /// That breaker judges all calls, whatever `breaker_per` says.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.policies = Some(policies);
        self
    }

    /// All policies by name, instead of `policies` of the settings: the channel takes those of its dependency and, where `breaker_per` is `method`, those of its methods.
    #[must_use]
    pub fn resilience(mut self, resilience: &Resilience) -> Self {
        self.resilience = Some(resilience.clone());
        self
    }

    /// The registry that counts the calls.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = metrics.clone();
        self
    }

    /// What records a span for each call.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Another way to find addresses than the operating system's.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// The channel. Reads the files of its TLS settings with blocking calls; connects at the first call, which must be made inside a runtime.
    ///
    /// # Errors
    /// The URL cannot be called, a TLS file cannot be read, or a contract is none.
    pub fn build(self) -> Result<GrpcChannel, GrpcClientError> {
        let Self {
            name,
            config,
            policies,
            resilience,
            metrics,
            tracer,
            resolver,
            methods,
        } = self;
        let (target, methods) = (Target::new(&config)?, methods?);
        let resilience = resilience.unwrap_or_else(|| {
            let mut all = ResilienceConfig::default();
            all.dependencies.insert(name.to_string(), config.policies);
            Resilience::new(all, metrics.clone())
        });
        let has_own_policies = policies.is_some();
        let policies = policies.unwrap_or_else(|| resilience.dependency(&name));
        let PoliciesConfig {
            hedge, coalesce, ..
        } = policies.config();
        for (setting, is_set) in [("hedge", hedge.is_some()), ("coalesce", *coalesce)] {
            if is_set {
                tracing::warn!(
                    client = %name,
                    setting,
                    "a setting of `policies` does nothing here: an answer over gRPC is a stream, which neither two calls nor two callers can have"
                );
            }
        }
        let resolver = resolver.unwrap_or_else(seaworthy_client::system_resolver);
        let balancer = Arc::new(Balancer::new(target, resolver));
        let counted = Arc::downgrade(&balancer);
        metrics.observable_gauge(
            "grpc_client_connections",
            "Open connections of a client, one to each address.",
            &[("client", &name)],
            move || {
                let balancer = counted.upgrade();
                balancer.map_or(0.0, |balancer| balancer.open_connections() as f64)
            },
        );
        let transport = Transport {
            balancer,
            patience: policies.config().attempt_timeout.get(),
        };
        let replay = ReplayCalls(Arc::new(methods));
        let pipelines = match config.breaker_per {
            BreakerPer::Method if !has_own_policies => {
                Pipelines::of_methods(resilience, &name, transport, replay)
            }
            BreakerPer::Method | BreakerPer::Dependency => {
                Pipelines::of_dependency(&policies, transport, replay)
            }
        };
        Ok(GrpcChannel::new(Inner {
            pipelines,
            propagation: config.propagation,
            metrics: ClientMetrics::new(&name, &metrics, tracer),
            policies,
            name,
        }))
    }
}

/// Gives services their gRPC clients by name.
pub trait GrpcClients {
    /// A builder for the channel to the dependency of this name, with the settings `grpc_clients.NAME` and the policies, metrics and traces of the service.
    ///
    /// # Errors
    /// The settings do not say where the dependency is.
    fn grpc_client(&self, name: &str) -> Result<GrpcChannelBuilder, GrpcClientError>;
}

impl<C: Settings> GrpcClients for Assembly<C> {
    fn grpc_client(&self, name: &str) -> Result<GrpcChannelBuilder, GrpcClientError> {
        let config = self.grpc_client_config(name);
        let config = config.ok_or_else(|| GrpcClientError::Unknown(name.to_owned()))?;
        Ok(GrpcChannel::builder(name, config)
            .resilience(self.resilience())
            .metrics(self.metrics())
            .tracer(self.telemetry().tracer()))
    }
}

impl fmt::Debug for GrpcChannelBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GrpcChannelBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
