//! The settings of a listener. Every one has a default that is safe on a public network.

mod body;
mod connections;
mod head;
mod http2;
mod response;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use body::BodyLimitsConfig;
pub use connections::ConnectionLimitsConfig;
pub use head::HeadLimitsConfig;
pub use http2::Http2Config;
pub use response::ResponseLimitsConfig;

use super::ListenError;
use crate::tls::TlsConfig;

/// Loopback, because what may be reached from elsewhere is somebody's decision and never a default.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
/// What Linux allows by default since 5.4 (`net.core.somaxconn`); the kernel lowers a larger value by itself.
const DEFAULT_BACKLOG: u32 = 4096;

/// Where to listen, what to speak, and how much a peer may ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListenerConfig {
    /// The address and port, such as `127.0.0.1:8000` or `[::]:8000`. Port 0 lets the system choose a free one.
    pub address: SocketAddr,
    /// The protocols that are spoken.
    pub protocols: Protocols,
    /// How many connections the kernel may complete ahead of the accept loop.
    pub backlog: u32,
    /// Limits on what a peer may take.
    pub limits: LimitsConfig,
    /// TLS, without which the listener speaks in the clear.
    pub tls: Option<TlsConfig>,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            address: DEFAULT_ADDRESS,
            protocols: Protocols::default(),
            backlog: DEFAULT_BACKLOG,
            limits: LimitsConfig::default(),
            tls: None,
        }
    }
}

impl ListenerConfig {
    /// Looks whether a listener can be made of the settings, without opening anything.
    ///
    /// # Errors
    /// [`ListenError::Setting`] for the first number that the protocol cannot express, [`ListenError::Tls`] for clients that must show a certificate of nobody.
    pub fn check(&self) -> Result<(), ListenError> {
        if let Some(tls) = &self.tls {
            tls.check()?;
        }
        self.limits.check()
    }
}

/// The protocols a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocols {
    /// HTTP/1.1 and HTTP/2: by ALPN under TLS, else by the first bytes of the connection (prior knowledge).
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only: whatever does not open with its preface is answered as HTTP/2 asks.
    Http2,
}

impl Protocols {
    /// The names of the protocols in a TLS handshake, the best first.
    pub(crate) fn alpn(self) -> &'static [&'static [u8]] {
        match self {
            Self::Auto => &[b"h2", b"http/1.1"],
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
        }
    }
}

/// Limits on what a peer may take (SEC-3).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections: how many, how long, how quiet.
    pub connections: ConnectionLimitsConfig,
    /// The head of a request: request line and headers.
    pub head: HeadLimitsConfig,
    /// The body of a request.
    pub body: BodyLimitsConfig,
    /// The response, which a peer must take.
    pub response: ResponseLimitsConfig,
    /// HTTP/2 alone.
    pub http2: Http2Config,
}

impl LimitsConfig {
    /// Refuses what the protocol cannot express.
    pub(crate) fn check(&self) -> Result<(), ListenError> {
        self.head.check()?;
        self.body.check()?;
        self.response.check()?;
        self.http2.check()
    }
}

/// A number outside of what the protocol can express is an error at start and never a panic later.
fn within(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), ListenError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ListenError::Setting {
        key,
        value,
        least,
        most,
    })
}
