use std::{fmt, sync::Arc};

use seaworthy_client::Resolve;
use seaworthy_config::Settings;
use seaworthy_resilience::policies::{Policies, Resilience, ResilienceConfig};
use seaworthy_service::{Assembly, GrpcClientConfig, SettingsReload};
use seaworthy_telemetry::{metrics::Metrics, tracer::Tracer};

use super::{
    GrpcChannel, GrpcClientError,
    balance::Resolver,
    factory::Factory,
    idempotent::{IdempotentMethods, ReplayCalls},
    observe::ClientMetrics,
};

/// Builds a [`GrpcChannel`]. Only the URL is required.
pub struct GrpcChannelBuilder {
    name: Arc<str>,
    config: GrpcClientConfig,
    policies: Option<Policies>,
    resilience: Option<Resilience>,
    metrics: Metrics,
    tracer: Tracer,
    resolver: Option<Resolver>,
    methods: Result<IdempotentMethods, GrpcClientError>,
    follows: Option<SettingsReload>,
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
            methods: Ok(IdempotentMethods::default()),
            follows: None,
        }
    }

    /// Changes the settings of the channel at each reload to those of `grpc_clients.NAME` (CONF-4).
    /// [`GrpcClients::grpc_client`] already calls it.
    #[must_use]
    pub fn follow(mut self, reload: &SettingsReload) -> Self {
        self.follows = Some(reload.clone());
        self
    }

    /// Adds a contract of the dependency, as its encoded `FileDescriptorSet`
    /// (`Contract::DESCRIPTORS`). Methods with the option `idempotency_level` are then retried.
    #[must_use]
    pub fn contract(mut self, descriptors: &[u8]) -> Self {
        self.methods = self.methods.and_then(|mut methods| {
            methods.read(descriptors)?;
            Ok(methods)
        });
        self
    }

    /// Uses policies that other clients share, instead of `policies` of the settings. Their circuit
    /// breaker covers all calls, and `breaker_per` has no effect.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Uses policies by name, instead of `policies` of the settings. The channel takes those of its
    /// dependency, and with `breaker_per: method` those of its methods.
    #[must_use]
    pub fn resilience(mut self, resilience: &Resilience) -> Self {
        self.resilience = Some(resilience.clone());
        self
    }

    /// Sets the registry for metrics.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = metrics.clone();
        self
    }

    /// Sets the tracer for spans of calls.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Sets the resolver of addresses. The default is the operating system's.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Builds the channel. Reads TLS files with blocking calls. Connects at the first call, which
    /// must be made inside a runtime.
    ///
    /// # Errors
    /// The URL is not valid, a TLS file cannot be read, or a contract is malformed.
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
            follows,
        } = self;
        let methods = methods?;
        let resilience = resilience.unwrap_or_else(|| {
            let mut all = ResilienceConfig::default();
            let own = config.policies.clone();
            all.dependencies.insert(name.to_string(), own);
            Resilience::new(all, metrics.clone())
        });
        let has_own_policies = policies.is_some();
        let policies = policies.unwrap_or_else(|| resilience.dependency(&name));
        let settings = policies.config();
        for (setting, is_set) in [
            ("hedge", settings.hedge.is_some()),
            ("coalesce", settings.coalesce),
        ] {
            if is_set {
                tracing::warn!(
                    client = %name,
                    setting,
                    "this setting of `policies` has no effect for gRPC clients, because responses are streams"
                );
            }
        }
        let factory = Factory {
            policies,
            methods: (!has_own_policies).then_some(resilience),
            resolver: resolver.unwrap_or_else(seaworthy_client::system_resolver),
            replay: ReplayCalls(Arc::new(methods)),
            metrics: ClientMetrics::new(&name, &metrics, tracer),
            name: Arc::clone(&name),
        };
        let channel = GrpcChannel::new(factory, config)?;
        let counted = channel.downgrade();
        metrics.observable_gauge(
            "grpc_client_connections",
            "Open connections of a client, one for each address.",
            &[("client", &name)],
            move || {
                let channel = counted.upgrade();
                channel.map_or(0.0, |channel| channel.open_connections() as f64)
            },
        );
        if let Some(reload) = follows {
            let channel = channel.downgrade();
            reload.on_reload(move |settings| {
                let Some(channel) = channel.upgrade() else {
                    return Ok(());
                };
                let config = settings.grpc_clients.get(&*name);
                let config = config.ok_or_else(|| GrpcClientError::Unknown(name.to_string()))?;
                Ok(channel.reload(config)?)
            });
        }
        Ok(channel)
    }
}

/// Creates the gRPC clients of a service.
pub trait GrpcClients {
    /// Returns a builder for the channel to a dependency, with the settings `grpc_clients.NAME` and
    /// the policies, metrics and traces of the service.
    ///
    /// # Errors
    /// The settings contain no URL for the dependency.
    fn grpc_client(&self, name: &str) -> Result<GrpcChannelBuilder, GrpcClientError>;
}

impl<C: Settings> GrpcClients for Assembly<C> {
    fn grpc_client(&self, name: &str) -> Result<GrpcChannelBuilder, GrpcClientError> {
        let config = self.grpc_client_config(name);
        let config = config.ok_or_else(|| GrpcClientError::Unknown(name.to_owned()))?;
        Ok(GrpcChannel::builder(name, config)
            .resilience(self.resilience())
            .follow(self.settings_reload())
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
