use std::path::PathBuf;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use super::error::TlsError;

/// Two round trips and a signature, on a bad line.
const DEFAULT_HANDSHAKE_TIMEOUT: Timeout = Timeout::from_secs(10);
/// Certificates are renewed days before they end; a minute is soon enough and costs three small reads.
const DEFAULT_RELOAD_INTERVAL: Timeout = Timeout::from_secs(60);

/// Certificates and what is asked of clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the certificate of this server and the intermediate ones behind it.
    pub certificate: PathBuf,
    /// PEM file with the private key (PKCS#8, PKCS#1 or SEC1, not encrypted).
    pub key: PathBuf,
    /// The oldest version that is spoken.
    #[serde(default)]
    pub min_version: TlsVersion,
    /// Whether clients show a certificate.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
    /// PEM file with the authorities that client certificates must come from. Needed unless `client_certificates` is `none`.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// The time from the opening of a connection to the end of its handshake.
    #[serde(default = "default_handshake_timeout")]
    pub handshake_timeout: Timeout,
    /// How often the files are compared with those in use.
    #[serde(default = "default_reload_interval")]
    pub reload_interval: Timeout,
}

impl TlsConfig {
    /// The settings for a certificate and its key, everything else at its default.
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
    /// Looks whether the settings fit each other, without reading a file.
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

/// A version of TLS. Older ones are not spoken at all.
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

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// They are not asked.
    #[default]
    None,
    /// They may; one that does not verify ends the handshake.
    Optional,
    /// They must.
    Required,
}
