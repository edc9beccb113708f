use std::{fmt, sync::Arc};

use http::HeaderValue;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use seaworthy_resilience::policies::{Policies, Resilience, ResilienceConfig};
use seaworthy_telemetry::{metrics::Metrics, tracer::Tracer};

use crate::{
    Addresses, BuildError, Credentials, HttpClient, HttpClientConfig, HttpVersion, Resolve,
    client::Inner,
    connect::{Connector, ReloadableTls, SystemResolver},
    credentials::Caller,
    observe::ClientMetrics,
    replay::ReplayCall,
    sender::Sender,
    transport::Transport,
};

/// Maximum number of headers of a response.
const MAX_HEADERS: usize = 100;
/// Buffer size of an HTTP/1 connection, which is also the maximum size of a response head.
const MAX_HEAD_SIZE: usize = 128 * 1024;
/// Maximum size of a response head over HTTP/2.
const MAX_HEADER_LIST_SIZE: u32 = 64 * 1024;

/// Builds an [`HttpClient`]. Every setting has a safe default.
pub struct HttpClientBuilder {
    name: Arc<str>,
    config: HttpClientConfig,
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
            config: HttpClientConfig::default(),
            policies: None,
            metrics: Metrics::new(),
            tracer: Tracer::disabled(),
            resolver: Arc::new(SystemResolver),
            user_agent: None,
            caller: None,
            requires_base_url: false,
        }
    }

    /// Sets the settings.
    #[must_use]
    pub fn config(mut self, config: HttpClientConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets the addresses that the client may connect to. Overrides the settings.
    #[must_use]
    pub const fn addresses(mut self, addresses: Addresses) -> Self {
        self.config.addresses = addresses;
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
            config,
            policies,
            metrics,
            tracer,
            resolver,
            user_agent,
            caller,
            requires_base_url,
        } = self;
        if requires_base_url && config.base_url.is_none() {
            let client = name.to_string();
            return Err(BuildError::BaseUrlNotSet { client });
        }
        let has_credentials = caller.is_some() || config.tls.certificate.is_some();
        if has_credentials && config.base_url.is_none() {
            let client = name.to_string();
            return Err(BuildError::NoBaseUrl { client });
        }
        let needs_roots = config
            .base_url
            .as_ref()
            .is_some_and(|base| base.url().scheme() == "https");
        let tls = ReloadableTls::new(&config.tls, &name, config.version, needs_roots)?;
        let connector = Connector::new(resolver, config.addresses, tls, config.connect_timeout);
        let policies = policies.unwrap_or_else(|| {
            let mut all = ResilienceConfig::default();
            all.dependencies
                .insert(name.to_string(), config.policies.clone());
            Resilience::new(all, metrics.clone()).dependency(&name)
        });
        if policies.config().coalesce {
            tracing::warn!(
                client = %name,
                "policies.coalesce has no effect on an HTTP client, because a response body is a stream for one caller: use Policies::coalesce_layer"
            );
        }
        let mut pool = Client::builder(TokioExecutor::new());
        pool.timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.pool.idle_timeout.get())
            .pool_max_idle_per_host(config.pool.max_idle_connections.into())
            .http1_max_headers(MAX_HEADERS)
            .http1_max_buf_size(MAX_HEAD_SIZE)
            .http2_max_header_list_size(MAX_HEADER_LIST_SIZE)
            .http2_only(config.version == HttpVersion::Http2);
        let transport = Transport {
            anonymous: connector.anonymous().map(|anonymous| pool.build(anonymous)),
            client: pool.build(connector),
            timeout: policies.attempt_timeout().clone(),
            caller,
        };
        let replay = ReplayCall(config.max_replay_size);
        let metrics = ClientMetrics::new(&name, &metrics, tracer);
        Ok(HttpClient::new(Inner {
            sender: Sender::new(&policies, transport, replay),
            policies,
            metrics,
            user_agent,
            config,
            name,
        }))
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpClientBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
