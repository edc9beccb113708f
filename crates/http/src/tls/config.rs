use std::path::PathBuf;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use super::{certificates::Certificates, error::TlsError};

/// The default of `handshake_timeout`: two round trips and a signature on a slow network.
const DEFAULT_HANDSHAKE_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `reload_interval`. Certificates are renewed days before they expire.
const DEFAULT_RELOAD_INTERVAL: Timeout = Timeout::from_secs(60);

/// The certificate of a listener, and the certificates of its clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the certificate of this server, followed by the intermediate certificates.
    pub certificate: PathBuf,
    /// PEM file with the private key (PKCS#8, PKCS#1 or SEC1, not encrypted).
    pub key: PathBuf,
    /// The minimum TLS version.
    #[serde(default)]
    pub min_version: TlsVersion,
    /// Whether clients must present a certificate.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
    /// PEM file with the certificate authorities of clients. Required unless `client_certificates`
    /// is `none`.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Time limit from the opening of a connection to the end of its handshake.
    #[serde(default = "default_handshake_timeout")]
    pub handshake_timeout: Timeout,
    /// Interval in which the listener checks the files for changes.
    #[serde(default = "default_reload_interval")]
    pub reload_interval: Timeout,
}

impl TlsConfig {
    /// Creates settings with a certificate, its key and the defaults.
    #[must_use]
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            min_version: TlsVersion::default(),
            client_certificates: ClientCertificates::default(),
            client_ca: None,
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
            reload_interval: DEFAULT_RELOAD_INTERVAL,
        }
    }
}

impl TlsConfig {
    /// Checks that the certificate and the key can be read and belong together. Blocks.
    ///
    /// # Errors
    /// [`TlsError`] for the first file that cannot be used.
    pub fn check_files(&self) -> Result<(), TlsError> {
        Certificates::load(self, &[]).map(drop)
    }

    /// Checks the settings without reading a file.
    pub(crate) fn check(&self) -> Result<(), TlsError> {
        if self.client_certificates != ClientCertificates::None && self.client_ca.is_none() {
            return Err(TlsError::NoClientCa);
        }
        Ok(())
    }
}

fn default_handshake_timeout() -> Timeout {
    DEFAULT_HANDSHAKE_TIMEOUT
}

fn default_reload_interval() -> Timeout {
    DEFAULT_RELOAD_INTERVAL
}

/// A TLS version. Older ones are not supported.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum TlsVersion {
    /// TLS 1.2, the oldest without known breaks (RFC 9325).
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

/// Whether clients must present a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// The listener requests no certificate.
    #[default]
    None,
    /// Clients may present a certificate. An invalid one ends the handshake.
    Optional,
    /// Clients must present a certificate.
    Required,
}
