use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use parking_lot::Mutex;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::HttpVersion;

/// TLS settings of a client. Changed files are reloaded before each connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTlsConfig {
    /// PEM file with the trusted certificate authorities. The default is those of the system.
    pub ca: Option<PathBuf>,
    /// PEM file with the client certificate and its intermediate certificates. It requires
    /// `base_url`, whose origin alone receives it.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key of `certificate`.
    pub key: Option<PathBuf>,
}

/// The settings of a client are not valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file of the TLS settings is not usable.
    #[error("clients.{client}.tls: cannot use {path}: {problem}")]
    File {
        /// Name of the client.
        client: String,
        /// Path of the file.
        path: PathBuf,
        /// Description of the problem.
        problem: String,
    },
    /// Only one of `certificate` and `key` is set.
    #[error("clients.{client}.tls: set both certificate and key, or neither")]
    IncompleteIdentity {
        /// Name of the client.
        client: String,
    },
    /// The base URL uses https, and the system has no root certificates.
    #[error(
        "clients.{client}: base_url uses https, but the system has no root certificates: set tls.ca"
    )]
    NoRoots {
        /// Name of the client.
        client: String,
    },
    /// Credentials or a certificate without a `base_url` would be sent to the host of any URL.
    #[error(
        "clients.{client}: credentials and certificates require base_url, the origin that may receive them"
    )]
    NoBaseUrl {
        /// Name of the client.
        client: String,
    },
    /// The requests of the client name paths, and `base_url` is not set.
    #[error("clients.{client}.base_url is not set: set it to the URL of the dependency")]
    BaseUrlNotSet {
        /// Name of the client.
        client: String,
    },
    /// The TLS library rejects the settings.
    #[error("clients.{client}.tls: {problem}")]
    Tls {
        /// Name of the client.
        client: String,
        /// Description of the problem.
        problem: String,
    },
}

/// The configuration for connections.
#[derive(Debug, Clone)]
struct Configs {
    /// Presents the client's certificate to a server that requests one.
    identified: Arc<ClientConfig>,
    /// Presents no certificate.
    anonymous: Arc<ClientConfig>,
}

impl ClientTlsConfig {
    /// Reads the files with blocking calls, once, before the first call.
    fn build(
        &self,
        client: &str,
        version: HttpVersion,
        needs_roots: bool,
    ) -> Result<Configs, BuildError> {
        let roots = match &self.ca {
            Some(path) => authorities(client, path)?,
            None => system_roots(),
        };
        if roots.is_empty() && needs_roots {
            let client = client.to_owned();
            return Err(BuildError::NoRoots { client });
        }
        let refused = |error: rustls::Error| BuildError::Tls {
            client: client.to_owned(),
            problem: error.to_string(),
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_root_certificates(roots);
        let identified = match (&self.certificate, &self.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                let chain = certificates(client, certificate)?;
                let unusable = |error| {
                    file(
                        client,
                        key,
                        format!("it contains no usable private key: {error}"),
                    )
                };
                let key = PrivateKeyDer::from_pem_file(key).map_err(unusable)?;
                let config = builder.clone().with_client_auth_cert(chain, key);
                Some(config.map_err(refused)?)
            }
            _ => {
                let client = client.to_owned();
                return Err(BuildError::IncompleteIdentity { client });
            }
        };
        let protocols: &[&[u8]] = match version {
            HttpVersion::Auto => &[b"h2", b"http/1.1"],
            HttpVersion::Http1 => &[b"http/1.1"],
            HttpVersion::Http2 => &[b"h2"],
        };
        let shared = |mut config: ClientConfig| {
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Arc::new(config)
        };
        let anonymous = shared(builder.with_no_client_auth());
        let identified = identified.map_or_else(|| Arc::clone(&anonymous), shared);
        Ok(Configs {
            identified,
            anonymous,
        })
    }
}

/// The identity that a connection presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presents {
    /// The client's certificate, if it has one.
    Identity,
    /// No certificate: the server is not in the origin of `base_url`.
    Nothing,
}

/// TLS settings that are reloaded before each connection if a file changed.
#[derive(Debug)]
pub(crate) struct ReloadableTls {
    client: String,
    version: HttpVersion,
    files: ClientTlsConfig,
    current: Mutex<(Vec<Option<Stamp>>, Configs)>,
}

/// Modification time and size of a file.
type Stamp = (SystemTime, u64);

impl ReloadableTls {
    pub(crate) fn new(
        files: &ClientTlsConfig,
        client: &str,
        version: HttpVersion,
        needs_roots: bool,
    ) -> Result<Self, BuildError> {
        // Read first, so that the next reload detects a change in between.
        let stamps = files.stamps();
        let config = files.build(client, version, needs_roots)?;
        Ok(Self {
            client: client.to_owned(),
            version,
            files: files.clone(),
            current: Mutex::new((stamps, config)),
        })
    }

    /// Returns whether the settings have files.
    pub(super) fn has_files(&self) -> bool {
        self.files != ClientTlsConfig::default()
    }

    /// Returns whether the client has a certificate.
    pub(crate) fn has_identity(&self) -> bool {
        self.files.certificate.is_some()
    }

    /// Returns the settings of the last reload.
    pub(super) fn current(&self, presents: Presents) -> Arc<ClientConfig> {
        self.current.lock().1.of(presents)
    }

    /// Reloads changed files with blocking calls and returns the settings. Invalid files change
    /// nothing.
    pub(super) fn reload(&self, presents: Presents) -> Arc<ClientConfig> {
        let stamps = self.files.stamps();
        let mut current = self.current.lock();
        if current.0 != stamps {
            match self.files.build(&self.client, self.version, false) {
                Ok(config) => {
                    tracing::info!(client = self.client, "TLS files reloaded");
                    *current = (stamps, config);
                }
                Err(error) => {
                    tracing::warn!(client = self.client, %error, "changed TLS files are invalid, so the previous ones stay in use");
                }
            }
        }
        current.1.of(presents)
    }
}

impl Configs {
    fn of(&self, presents: Presents) -> Arc<ClientConfig> {
        Arc::clone(match presents {
            Presents::Identity => &self.identified,
            Presents::Nothing => &self.anonymous,
        })
    }
}

impl ClientTlsConfig {
    fn stamps(&self) -> Vec<Option<Stamp>> {
        let files = [&self.ca, &self.certificate, &self.key];
        let stamp = |file: &PathBuf| {
            let about = std::fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        files.map(|file| file.as_ref().and_then(stamp)).to_vec()
    }
}

fn authorities(client: &str, path: &Path) -> Result<RootCertStore, BuildError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(client, path)? {
        roots.add(authority).map_err(|error| {
            file(
                client,
                path,
                format!("it contains no usable authority: {error}"),
            )
        })?;
    }
    Ok(roots)
}

/// Loads the usable root certificates of the system. Single ones are often not valid.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn certificates(client: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let unusable = |error| {
        file(
            client,
            path,
            format!("it contains no usable certificate: {error}"),
        )
    };
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
        .map_err(unusable)?;
    if chain.is_empty() {
        return Err(file(client, path, "it contains no certificate".to_owned()));
    }
    Ok(chain)
}

fn file(client: &str, path: &Path, problem: String) -> BuildError {
    BuildError::File {
        client: client.to_owned(),
        path: path.to_owned(),
        problem,
    }
}
