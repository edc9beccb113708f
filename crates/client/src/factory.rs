use std::{fmt, sync::Arc};

use http::HeaderValue;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use seaworthy_resilience::policies::Policies;

use crate::{
    AllowedAddresses, BuildError, HttpClientConfig, HttpVersion, Resolve,
    client::Inner,
    connect::{Connector, ReloadableTls},
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

/// Derives the settings of a client from those of its name, which may not exist.
pub(crate) type Configure =
    Arc<dyn Fn(Option<&HttpClientConfig>) -> HttpClientConfig + Send + Sync>;

/// Builds the state of a client, again after each reload of its settings.
pub(crate) struct Factory {
    pub(crate) name: Arc<str>,
    pub(crate) policies: Policies,
    pub(crate) metrics: ClientMetrics,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) caller: Option<Caller>,
    pub(crate) requires_base_url: bool,
    pub(crate) addresses: Option<AllowedAddresses>,
    pub(crate) configure: Option<Configure>,
}

impl Factory {
    /// Returns the settings of the client, given those of its name.
    pub(crate) fn config(&self, settings: Option<&HttpClientConfig>) -> HttpClientConfig {
        let mut config = match &self.configure {
            Some(configure) => configure(settings),
            None => settings.cloned().unwrap_or_default(),
        };
        if let Some(addresses) = self.addresses {
            config.addresses = addresses;
        }
        config
    }

    /// Builds the state of the client for these settings, with its own connections. Reads TLS files
    /// with blocking calls.
    pub(crate) fn build(&self, config: HttpClientConfig) -> Result<Inner, BuildError> {
        let client = || self.name.to_string();
        if self.requires_base_url && config.base_url.is_none() {
            return Err(BuildError::BaseUrlNotSet { client: client() });
        }
        let has_credentials = self.caller.is_some() || config.tls.certificate.is_some();
        if has_credentials && config.base_url.is_none() {
            return Err(BuildError::NoBaseUrl { client: client() });
        }
        let base = config.base_url.as_ref();
        let needs_roots = base.is_some_and(|base| base.url().scheme() == "https");
        let tls = ReloadableTls::new(&config.tls, &self.name, config.version, needs_roots)?;
        let resolver = Arc::clone(&self.resolver);
        let connector = Connector::new(
            resolver,
            config.addresses,
            tls,
            config.connect_timeout,
            config.policies.breaker.max_refused_wait(),
        );
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
            timeout: self.policies.attempt_timeout().clone(),
            max_refused_wait: config.policies.breaker.max_refused_wait(),
            caller: self.caller.clone(),
        };
        let replay = ReplayCall(config.max_replay_size);
        Ok(Inner {
            name: Arc::clone(&self.name),
            sender: Sender::new(&self.policies, transport, replay),
            policies: self.policies.clone(),
            metrics: self.metrics.clone(),
            user_agent: self.user_agent.clone(),
            config: Arc::new(config),
        })
    }
}

impl fmt::Debug for Factory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Factory")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
