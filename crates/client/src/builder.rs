use std::{fmt, sync::Arc};

use http::HeaderValue;
use seaworthy_resilience::policies::{Policies, Resilience, ResilienceConfig};
use seaworthy_telemetry::{metrics::Metrics, tracer::Tracer};

use crate::{
    AllowedAddresses, BuildError, Credentials, HttpClient, HttpClientConfig, HttpClients, Resolve,
    connect::SystemResolver,
    credentials::Caller,
    factory::{Configure, Factory},
    observe::ClientMetrics,
};

/// Builds an [`HttpClient`]. Every setting has a safe default.
pub struct HttpClientBuilder {
    name: Arc<str>,
    settings: Option<HttpClientConfig>,
    configure: Option<Configure>,
    addresses: Option<AllowedAddresses>,
    follows: Option<(HttpClients, String)>,
    policies: Option<Policies>,
    metrics: Metrics,
    tracer: Tracer,
    resolver: Arc<dyn Resolve>,
    user_agent: Option<HeaderValue>,
    caller: Option<Caller>,
    requires_base_url: bool,
}

impl HttpClientBuilder {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            settings: None,
            configure: None,
            addresses: None,
            follows: None,
            policies: None,
            metrics: Metrics::new(),
            tracer: Tracer::disabled(),
            resolver: Arc::new(SystemResolver),
            user_agent: None,
            caller: None,
            requires_base_url: false,
        }
    }

    /// Sets the settings. A reload does not change them, unless you call
    /// [`follow`](Self::follow) later.
    #[must_use]
    pub fn config(mut self, config: HttpClientConfig) -> Self {
        self.settings = Some(config);
        self.follows = None;
        self
    }

    /// Derives the settings of the client from those that [`config`](Self::config) sets, or from
    /// those of each reload. The argument is `None` if they do not exist. Use it for a client whose
    /// code determines some settings.
    #[must_use]
    pub fn configure(
        mut self,
        configure: impl Fn(Option<&HttpClientConfig>) -> HttpClientConfig + Send + Sync + 'static,
    ) -> Self {
        self.configure = Some(Arc::new(configure));
        self
    }

    /// Changes the settings of the client at each reload of `clients` to those of this name
    /// (CONF-4).
    #[must_use]
    pub fn follow(mut self, clients: &HttpClients, name: &str) -> Self {
        self.follows = Some((clients.clone(), name.to_owned()));
        self
    }

    /// Sets the addresses that the client may connect to. Overrides the settings.
    #[must_use]
    pub const fn addresses(mut self, addresses: AllowedAddresses) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// Uses shared policies instead of `policies` of the settings, so that several clients of one
    /// dependency share a circuit breaker.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Sets the metrics registry.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = metrics.clone();
        self
    }

    /// Sets the tracer, which records one span per call.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Sets the name resolver. The default is the resolver of the operating system.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Sets the `User-Agent`. A value that is not a valid header is ignored.
    #[must_use]
    pub fn user_agent(mut self, text: &str) -> Self {
        self.user_agent = HeaderValue::from_str(text).ok();
        self
    }

    /// Sets the credentials for attempts without an `Authorization` header. They require a
    /// `base_url`. A redirect to another origin, and all later redirects, omit them.
    #[must_use]
    pub fn credentials(mut self, credentials: impl Credentials) -> Self {
        self.caller = Some(Caller::new(credentials));
        self
    }

    /// Fails [`build`](Self::build) if the settings have no `base_url`. A client whose requests
    /// name paths cannot send any without one.
    #[must_use]
    pub const fn require_base_url(mut self) -> Self {
        self.requires_base_url = true;
        self
    }

    /// Builds the client. Reads the files of the TLS settings with blocking calls and does not
    /// connect.
    ///
    /// # Errors
    /// [`BuildError`] if a file cannot be used, or if https has no root certificates. Also if a
    /// client without `base_url` has credentials, has a certificate or
    /// [requires it](Self::require_base_url).
    pub fn build(self) -> Result<HttpClient, BuildError> {
        let Self {
            name,
            settings,
            configure,
            addresses,
            follows,
            policies,
            metrics,
            tracer,
            resolver,
            user_agent,
            caller,
            requires_base_url,
        } = self;
        let policies = policies.unwrap_or_else(|| {
            let mut all = ResilienceConfig::default();
            let own = settings.as_ref().map(|settings| settings.policies.clone());
            all.dependencies
                .insert(name.to_string(), own.unwrap_or_default());
            Resilience::new(all, metrics.clone()).dependency(&name)
        });
        if policies.config().coalesce {
            tracing::warn!(
                client = %name,
                "policies.coalesce has no effect on an HTTP client, because a response body is a stream for one caller: use Policies::coalesce_layer"
            );
        }
        let factory = Factory {
            metrics: ClientMetrics::new(&name, &metrics, tracer),
            name,
            policies,
            resolver,
            user_agent,
            caller,
            requires_base_url,
            addresses,
            configure,
        };
        match follows {
            None => {
                let config = factory.config(settings.as_ref());
                HttpClient::new(factory, config)
            }
            Some((clients, followed)) => clients.add(&followed, |latest| {
                let own = match latest {
                    Some(latest) => latest.get(&followed),
                    None => settings.as_ref(),
                };
                let config = factory.config(own);
                HttpClient::new(factory, config)
            }),
        }
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpClientBuilder")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
