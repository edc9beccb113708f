use std::{net::IpAddr, path::Path, time::Duration};

use seaworthy_service::{GrpcClientConfig, GrpcClientTlsConfig};
use seaworthy_telemetry::redact::redact;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::GrpcClientError;

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// The address and the TLS settings of a dependency.
#[derive(Debug)]
pub(crate) struct Target {
    host: String,
    port: u16,
    plain: Endpoint,
    /// Set for `https`.
    tls: Option<GrpcClientTlsConfig>,
    config: GrpcClientConfig,
}

impl Target {
    /// Creates the target. Reads the TLS files once, to find errors early.
    pub(crate) fn new(config: &GrpcClientConfig) -> Result<Self, GrpcClientError> {
        // Errors contain the URL, and it may contain a password (OBS-3).
        let url = redact(&config.url).into_owned();
        let plain = Endpoint::from_shared(config.url.clone())
            .map_err(|cause| GrpcClientError::Endpoint {
                url: url.clone(),
                cause,
            })?
            .connect_timeout(config.connect_timeout.get())
            .http2_keep_alive_interval(config.ping_interval.get())
            .keep_alive_timeout(config.ping_timeout.get())
            .keep_alive_while_idle(true);
        let uri = plain.uri();
        let (tls, default_port) = match uri.scheme_str() {
            Some("https") => (Some(config.tls.clone()), HTTPS_PORT),
            Some("http") if config.tls == GrpcClientTlsConfig::default() => (None, HTTP_PORT),
            Some("http") => return Err(GrpcClientError::PlainText(url)),
            _ => return Err(GrpcClientError::Scheme(url)),
        };
        let target = Self {
            host: uri
                .host()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned(),
            port: uri.port_u16().unwrap_or(default_port),
            tls,
            config: config.clone(),
            plain,
        };
        if let Some(tls) = &target.tls {
            target.with_tls(read(tls)?)?;
        }
        Ok(target)
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the IP address, if the URL contains one instead of a name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.config.connect_timeout.get()
    }

    /// Returns how long a call may wait for a process that may be restarting.
    pub(crate) fn max_refused_wait(&self) -> Duration {
        self.config.policies.breaker.max_refused_wait()
    }

    /// Returns how long calls wait for an address after its first rejection. Later calls fail
    /// without a wait.
    pub(crate) fn max_restart(&self) -> Duration {
        self.config.policies.breaker.slow_call_duration.get()
    }

    pub(crate) fn resolve_interval(&self) -> Duration {
        self.config.resolve_interval.get()
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.config.max_connections.get().into()
    }

    /// Returns the settings of a connection, with the current TLS files.
    pub(crate) async fn endpoint(&self) -> Result<Endpoint, GrpcClientError> {
        let Some(tls) = self.tls.clone() else {
            return Ok(self.plain.clone());
        };
        let reading = tokio::task::spawn_blocking(move || read(&tls));
        match reading.await {
            Ok(tls) => self.with_tls(tls?),
            Err(_) => Err(GrpcClientError::Ended),
        }
    }

    fn with_tls(&self, tls: ClientTlsConfig) -> Result<Endpoint, GrpcClientError> {
        let endpoint = self.plain.clone();
        endpoint
            .tls_config(tls)
            .map_err(|cause| GrpcClientError::Endpoint {
                url: redact(&self.config.url).into_owned(),
                cause,
            })
    }
}

fn read(tls: &GrpcClientTlsConfig) -> Result<ClientTlsConfig, GrpcClientError> {
    let config = match &tls.ca {
        Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(file(path)?)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    let config = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            config.identity(Identity::from_pem(file(certificate)?, file(key)?))
        }
        (None, None) => config,
        _ => return Err(GrpcClientError::IncompleteIdentity),
    };
    Ok(match &tls.server_name {
        Some(name) => config.domain_name(name),
        None => config,
    })
}

fn file(path: &Path) -> Result<Vec<u8>, GrpcClientError> {
    std::fs::read(path).map_err(|cause| GrpcClientError::File {
        file: path.to_owned(),
        cause,
    })
}
