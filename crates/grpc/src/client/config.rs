use std::{fs, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::{GrpcChannel, GrpcClientError};

/// Two tries fit into the half minute that a service has for its own answer.
const TIMEOUT: Timeout = Timeout::from_secs(10);
/// One round trip and a lost packet, on any network that calls are made over.
const CONNECT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// As often as the server asks: a connection that died silently is found before the next burst.
const PING_INTERVAL: Timeout = Timeout::from_secs(30);
/// A peer that answers later than this is as good as gone.
const PING_TIMEOUT: Timeout = Timeout::from_secs(10);

/// How another service is called over gRPC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrpcClientConfig {
    /// Where it listens, such as `https://orders:7000`.
    pub url: String,
    /// How long a whole call may take, streams included. A request and the deadline of what it is made for shorten it; nothing lengthens it.
    #[serde(default = "timeout")]
    pub timeout: Timeout,
    /// How long a connection may take to open.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Timeout,
    /// How often the peer is asked for a sign of life.
    #[serde(default = "ping_interval")]
    pub ping_interval: Timeout,
    /// How long the answer to that may take.
    #[serde(default = "ping_timeout")]
    pub ping_timeout: Timeout,
    /// TLS, for `https://`.
    #[serde(default)]
    pub tls: GrpcClientTlsConfig,
}

/// Whom a client believes and what it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcClientTlsConfig {
    /// PEM file with the authorities that the server's certificate must come from. Not set: those of the system.
    pub ca: Option<PathBuf>,
    /// PEM file with this client's certificate, where the server asks for one.
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    pub key: Option<PathBuf>,
    /// The name in the server's certificate, where it is not the host of the URL.
    pub server_name: Option<String>,
}

fn timeout() -> Timeout {
    TIMEOUT
}

fn connect_timeout() -> Timeout {
    CONNECT_TIMEOUT
}

fn ping_interval() -> Timeout {
    PING_INTERVAL
}

fn ping_timeout() -> Timeout {
    PING_TIMEOUT
}

impl GrpcClientConfig {
    /// The defaults, for a service at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            tls: GrpcClientTlsConfig::default(),
        }
    }

    /// What generated clients call through. It connects at the first call. Must be called inside a runtime.
    ///
    /// # Errors
    /// The URL cannot be called, or a TLS file cannot be read.
    pub fn channel(&self) -> Result<GrpcChannel, GrpcClientError> {
        let refused = |cause| GrpcClientError::Endpoint {
            url: self.url.clone(),
            cause,
        };
        let mut endpoint = Endpoint::from_shared(self.url.clone())
            .map_err(refused)?
            .connect_timeout(self.connect_timeout.get())
            .http2_keep_alive_interval(self.ping_interval.get())
            .keep_alive_timeout(self.ping_timeout.get())
            .keep_alive_while_idle(true);
        match endpoint.uri().scheme_str() {
            Some("https") => endpoint = endpoint.tls_config(self.tls.read()?).map_err(refused)?,
            Some("http") if self.tls == GrpcClientTlsConfig::default() => {}
            Some("http") => return Err(GrpcClientError::PlainText(self.url.clone())),
            _ => return Err(GrpcClientError::Scheme(self.url.clone())),
        }
        Ok(GrpcChannel::new(
            endpoint.connect_lazy(),
            self.timeout.get(),
        ))
    }
}

impl GrpcClientTlsConfig {
    fn read(&self) -> Result<ClientTlsConfig, GrpcClientError> {
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|cause| GrpcClientError::File {
                file: file.clone(),
                cause,
            })
        };
        let mut config = match &self.ca {
            Some(file) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(file)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        config = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                config.identity(Identity::from_pem(read(certificate)?, read(key)?))
            }
            (None, None) => config,
            _ => return Err(GrpcClientError::HalfIdentity),
        };
        Ok(match &self.server_name {
            Some(name) => config.domain_name(name),
            None => config,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut GrpcClientConfig)) -> String {
        let mut config = GrpcClientConfig::new("https://localhost:7000");
        change(&mut config);
        config.channel().unwrap_err().to_string()
    }

    #[tokio::test]
    async fn settings_that_cannot_work_are_refused_where_the_client_is_made_conf_1() {
        for url in ["", "localhost:7000", "ftp://localhost", "http://[::1"] {
            assert!(
                refused(|config| config.url = url.to_owned()).contains("url"),
                "{url}"
            );
        }
        let plain = |config: &mut GrpcClientConfig| {
            config.url = "http://localhost:7000".to_owned();
            config.tls.ca = Some("ca.pem".into());
        };
        assert!(refused(plain).contains("plain text"));
        let missing = "no/such/ca.pem";
        assert!(refused(|config| config.tls.ca = Some(missing.into())).contains(missing));
        let half = |config: &mut GrpcClientConfig| config.tls.key = Some("key.pem".into());
        assert!(refused(half).contains("belong together"));
        assert!(
            GrpcClientConfig::new("https://localhost:7000")
                .channel()
                .is_ok()
        );
    }

    #[test]
    fn a_url_is_enough_and_unknown_settings_are_refused_conf_1() {
        let config: GrpcClientConfig = serde_json::from_str(r#"{"url":"http://a"}"#).unwrap();
        assert_eq!(config, GrpcClientConfig::new("http://a"));
        assert!(
            serde_json::from_str::<GrpcClientConfig>(r#"{"url":"http://a","retry":1}"#).is_err()
        );
        assert!(serde_json::from_str::<GrpcClientConfig>("{}").is_err());
    }
}
