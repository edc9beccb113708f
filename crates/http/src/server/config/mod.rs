//! The settings of a listener. All defaults are safe on a public network.

mod address;
mod body;
mod connections;
mod head;
mod http2;
mod response;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use address::deserialize_address;
pub use body::BodyLimitsConfig;
pub use connections::ConnectionLimitsConfig;
pub use head::HeadLimitsConfig;
pub use http2::Http2Config;
pub use response::ResponseLimitsConfig;

use super::ListenError;
use crate::tls::TlsConfig;

/// The default of `address`: loopback, because an operator must decide what other machines reach.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
/// The default of `backlog`, as of Linux since 5.4 (`net.core.somaxconn`), which is also its bound.
const DEFAULT_BACKLOG: u32 = 4096;

/// The settings of a listener.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerConfig {
    /// The address and port, such as `127.0.0.1:8000` or `[::]:8000`. Port 0 lets the system choose
    /// a free one.
    pub address: SocketAddr,
    /// The accepted protocols.
    pub protocols: Protocols,
    /// Maximum connections that the kernel completes before the service accepts them.
    pub backlog: u32,
    /// Limits on the resources that a client can use.
    pub limits: LimitsConfig,
    /// TLS. Not set: connections are not encrypted.
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
    /// Checks the settings without opening a socket.
    ///
    /// # Errors
    /// [`ListenError::Setting`] for the first number outside of its range, [`ListenError::Tls`] if
    /// client certificates have no authorities.
    pub fn check(&self) -> Result<(), ListenError> {
        if let Some(tls) = &self.tls {
            tls.check()?;
        }
        self.limits.check()
    }
}

/// The protocols of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocols {
    /// HTTP/1.1 and HTTP/2: by ALPN under TLS, else by the first bytes of the connection (prior
    /// knowledge).
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only. A client without its preface gets a GOAWAY.
    Http2,
}

impl Protocols {
    /// Returns the ALPN names in order of preference.
    pub(crate) fn alpn(self) -> &'static [&'static [u8]] {
        match self {
            Self::Auto => &[b"h2", b"http/1.1"],
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
        }
    }
}

/// Limits on what a client can take (SEC-3).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Limits on connections.
    pub connections: ConnectionLimitsConfig,
    /// Limits on the head of a request.
    pub head: HeadLimitsConfig,
    /// Limits on the body of a request.
    pub body: BodyLimitsConfig,
    /// Limits on slow readers of a response.
    pub response: ResponseLimitsConfig,
    /// Limits of HTTP/2.
    pub http2: Http2Config,
}

impl LimitsConfig {
    /// Checks the ranges.
    pub(crate) fn check(&self) -> Result<(), ListenError> {
        self.head.check()?;
        self.body.check()?;
        self.response.check()?;
        self.http2.check()
    }
}

/// Checks that a number is in its range, so that it is an error at the start and not a panic later.
fn within(key: &'static str, value: u64, min: u64, max: u64) -> Result<(), ListenError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ListenError::Setting {
        key,
        value,
        min,
        max,
    })
}
