use std::{io, net::SocketAddr};

use crate::tls::TlsError;

/// An error that prevents the opening of a listener.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The address is taken, not of this machine, or not permitted.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address of the setting.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file of the TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A limit is outside of what the protocol can express.
    #[error("{key} is {value}, expected {min} to {max}")]
    Setting {
        /// The key below the section of the listener.
        key: &'static str,
        /// The value of the limit.
        value: u64,
        /// The minimum.
        min: u64,
        /// The maximum.
        max: u64,
    },
}

impl ListenError {
    /// The key of the invalid setting, below the section of the listener.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "addr",
            Self::Tls(_) => "tls",
            Self::Setting { key, .. } => key,
        }
    }
}
