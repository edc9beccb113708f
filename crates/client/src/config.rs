use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_resilience::policies::PoliciesConfig;
use serde::{Deserialize, Serialize};

use crate::{Addresses, BaseUrl, ClientTlsConfig, Propagation};

/// Room for one lost SYN, which is sent again after a second, and still within one attempt.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_millis(1_500);
/// A body that pauses for this long inside an answer has most likely stopped; half of what a whole call may take.
const DEFAULT_IDLE_TIMEOUT: Timeout = Timeout::from_secs(5);
/// RES-4: more than any answer that is held in memory should have.
const DEFAULT_MAX_RESPONSE_SIZE: ByteSize = ByteSize::mebibytes(10);
/// A stream is recorded up to this, so that it can be sent again; with 64 calls at once it is 64 MiB.
const DEFAULT_MAX_REPLAY_SIZE: ByteSize = ByteSize::mebibytes(1);
/// Moved, canonical name, slash at the end, login: what is longer goes in circles.
const DEFAULT_MAX_REDIRECTS: u8 = 5;
/// Below the 60 s after which most servers and balancers close a connection that rests, so that it is seldom closed under a request.
const DEFAULT_POOL_IDLE_TIMEOUT: Timeout = Timeout::from_secs(30);
/// Half of the calls that run at once: after a burst the rest is closed.
const DEFAULT_MAX_IDLE_CONNECTIONS: u16 = 32;

/// How one dependency is called over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpClientConfig {
    /// Where the dependency is. With it, every call stays under it, redirects stay at its origin, and what leads elsewhere is refused; without it every call names a whole URL.
    pub base_url: Option<BaseUrl>,
    /// How long the way to an open connection may take: name, TCP and TLS together.
    pub connect_timeout: Timeout,
    /// How long an answer's body may pause.
    pub idle_timeout: Timeout,
    /// The largest body of an answer, as it comes and after decompression.
    pub max_response_size: ByteSize,
    /// The largest streamed body of a request that is kept to be sent again.
    pub max_replay_size: ByteSize,
    /// Where answers may send a call to.
    pub redirects: RedirectConfig,
    /// Which addresses may be connected to.
    pub addresses: Addresses,
    /// What of the running request is told to the dependency.
    pub propagation: Propagation,
    /// The version of HTTP.
    pub version: HttpVersion,
    /// Connections that rest.
    pub pool: PoolConfig,
    /// TLS.
    pub tls: ClientTlsConfig,
    /// What bounds and repeats calls: `timeout` is the time to the head of one answer, `total` that of the whole call with every attempt, redirect and the body.
    pub policies: PoliciesConfig,
}

/// Where answers may send a call to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedirectConfig {
    /// How many redirects one call follows; with 0 a redirect is an answer like any other.
    pub max_redirects: u8,
    /// Whether a call that began with https may go on with http.
    pub allow_downgrade: bool,
    /// Whether a call that began at `base_url` may go on at another origin, without what was private to the first. Without a `base_url` it may.
    pub allow_other_origins: bool,
}

/// Connections that rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// How long a connection may rest before it is closed.
    pub idle_timeout: Timeout,
    /// How many connections to one host may rest.
    pub max_idle_connections: u16,
}

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HttpVersion {
    /// What the server chooses in the handshake; HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, also without TLS.
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
            addresses: Addresses::default(),
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
