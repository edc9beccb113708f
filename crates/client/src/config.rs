use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_resilience::policies::PoliciesConfig;
use serde::{Deserialize, Serialize};

use crate::{AllowedAddresses, BaseUrl, ClientTlsConfig, Propagation};

/// The default of `connect_timeout`: longer than a lost SYN (1 s), and shorter than an attempt.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_millis(1_500);
/// The default of `idle_timeout`, half of the total timeout. Such a body has most likely stopped.
const DEFAULT_IDLE_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `max_response_size` (RES-4): more than a response in memory should need.
const DEFAULT_MAX_RESPONSE_SIZE: ByteSize = ByteSize::mebibytes(10);
/// The default of `max_replay_size`. 64 concurrent calls need at most 64 MiB for replay buffers.
const DEFAULT_MAX_REPLAY_SIZE: ByteSize = ByteSize::mebibytes(1);
/// The default of `max_redirects`: a move, a canonical name, a trailing slash and a login fit.
const DEFAULT_MAX_REDIRECTS: u8 = 5;
/// The default of `pool.idle_timeout`: most servers close idle connections after 60 s.
const DEFAULT_POOL_IDLE_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default of `max_idle_connections`, half of the default concurrent calls.
const DEFAULT_MAX_IDLE_CONNECTIONS: u16 = 32;

/// Settings of the HTTP client of one dependency.
///
/// ```
/// use seaworthy_client::HttpClientConfig;
///
/// let config = HttpClientConfig {
///     base_url: Some("https://payments.internal".parse().unwrap()),
///     ..HttpClientConfig::default()
/// };
/// # drop(config);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpClientConfig {
    /// Base URL of the dependency. If set, calls and redirects outside of it are rejected. If not
    /// set, every call needs a complete URL.
    #[schemars(extend("x-reloadable" = true))]
    pub base_url: Option<BaseUrl>,
    /// Maximum time to open a connection: name resolution, TCP and TLS together.
    #[schemars(extend("x-reloadable" = true))]
    pub connect_timeout: Timeout,
    /// Maximum time between two parts of a response body.
    #[schemars(extend("x-reloadable" = true))]
    pub idle_timeout: Timeout,
    /// Maximum size of a response body, before and after decompression.
    #[schemars(extend("x-reloadable" = true))]
    pub max_response_size: ByteSize,
    /// Maximum size of a streamed request body that is buffered for retries.
    #[schemars(extend("x-reloadable" = true))]
    pub max_replay_size: ByteSize,
    /// Limits on redirects.
    #[schemars(extend("x-reloadable" = true))]
    pub redirects: RedirectConfig,
    /// Addresses that the client may connect to.
    #[schemars(extend("x-reloadable" = true))]
    pub addresses: AllowedAddresses,
    /// Data of the current request that is sent to the dependency.
    #[schemars(extend("x-reloadable" = true))]
    pub propagation: Propagation,
    /// HTTP version.
    #[schemars(extend("x-reloadable" = true))]
    pub version: HttpVersion,
    /// Idle connections.
    #[schemars(extend("x-reloadable" = true))]
    pub pool: PoolConfig,
    /// TLS settings.
    #[schemars(extend("x-reloadable" = true))]
    pub tls: ClientTlsConfig,
    /// Timeouts, retries and limits. `attempt_timeout` ends with the head of a response,
    /// `total_timeout` with the body, and it includes all attempts and redirects.
    pub policies: PoliciesConfig,
}

/// Settings of redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedirectConfig {
    /// Maximum number of redirects of one call. 0 returns redirects as responses.
    pub max_redirects: u8,
    /// Whether a redirect may lead from https to http.
    #[schemars(extend("x-unsafe" = [{
        "id": "SEC-1",
        "value": true,
        "why": "a redirect can lead to a link without TLS, so others on the network can read its data",
        "fix": "set it to false"
    }]))]
    pub allow_downgrade: bool,
    /// Whether a redirect may leave the origin of `base_url`. Credentials and private headers are
    /// then removed. Without `base_url` redirects may lead anywhere.
    pub allow_other_origins: bool,
}

/// Settings of idle connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// Time after which an idle connection is closed.
    pub idle_timeout: Timeout,
    /// Maximum number of idle connections per host.
    pub max_idle_connections: u16,
}

/// The HTTP version of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HttpVersion {
    /// The version that ALPN negotiates. HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, with prior knowledge if there is no TLS.
    Http2,
}

impl Default for HttpClientConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            max_response_size: DEFAULT_MAX_RESPONSE_SIZE,
            max_replay_size: DEFAULT_MAX_REPLAY_SIZE,
            redirects: RedirectConfig::default(),
            addresses: AllowedAddresses::default(),
            propagation: Propagation::default(),
            version: HttpVersion::default(),
            pool: PoolConfig::default(),
            tls: ClientTlsConfig::default(),
            policies: PoliciesConfig::default(),
        }
    }
}

impl Default for RedirectConfig {
    fn default() -> Self {
        Self {
            max_redirects: DEFAULT_MAX_REDIRECTS,
            allow_downgrade: false,
            allow_other_origins: false,
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            idle_timeout: DEFAULT_POOL_IDLE_TIMEOUT,
            max_idle_connections: DEFAULT_MAX_IDLE_CONNECTIONS,
        }
    }
}
