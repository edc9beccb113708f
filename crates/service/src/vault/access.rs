use std::{
    fs,
    path::{Path, PathBuf},
};

use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use seaworthy_config::{Environment, SecretError};
use seaworthy_core::{Secret, host::is_loopback};

/// The address of Vault and the credentials.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) address: Uri,
    pub(super) namespace: Option<HeaderValue>,
    token: Token,
    pub(super) certificates: Option<PathBuf>,
}

#[derive(Debug, Clone)]
enum Token {
    Literal(Secret<String>),
    File(PathBuf),
}

impl Access {
    pub(super) fn from(environment: &Environment) -> Result<Self, SecretError> {
        let address = variable(environment, "VAULT_ADDR")?
            .ok_or_else(|| SecretError::new("VAULT_ADDR is not set"))?;
        let address: Uri = address
            .parse()
            .map_err(|_| SecretError::new("VAULT_ADDR is not a URL"))?;
        match (address.scheme_str(), address.host()) {
            (Some("https"), Some(_)) => {}
            (Some("http"), Some(host)) if is_loopback(host) => {}
            _ => {
                return Err(SecretError::new(
                    "VAULT_ADDR must begin with https://: http:// is for this machine only, because plain HTTP exposes the token",
                ));
            }
        }
        let token = match (
            variable(environment, "VAULT_TOKEN_FILE")?,
            variable(environment, "VAULT_TOKEN")?,
        ) {
            (Some(file), _) => Token::File(file.into()),
            (None, Some(token)) => Token::Literal(Secret::new(token)),
            (None, None) => {
                return Err(SecretError::new(
                    "neither VAULT_TOKEN_FILE nor VAULT_TOKEN is set",
                ));
            }
        };
        let namespace = variable(environment, "VAULT_NAMESPACE")?
            .map(HeaderValue::try_from)
            .transpose()
            .map_err(|_| SecretError::new("VAULT_NAMESPACE cannot be sent in a header"))?;
        let certificates = variable(environment, "VAULT_CACERT")?.map(PathBuf::from);
        Ok(Self {
            address,
            namespace,
            token,
            certificates,
        })
    }

    /// Returns the current token.
    pub(super) fn token(&self) -> Result<HeaderValue, SecretError> {
        let read = match &self.token {
            Token::Literal(token) => HeaderValue::try_from(token.expose().trim()),
            Token::File(path) => {
                let text = fs::read_to_string(path).map_err(|error| {
                    SecretError::new(format!("VAULT_TOKEN_FILE cannot be read: {error}"))
                })?;
                HeaderValue::try_from(text.trim())
            }
        };
        let mut token =
            read.map_err(|_| SecretError::new("the token of Vault cannot be sent in a header"))?;
        token.set_sensitive(true);
        Ok(token)
    }
}

/// Returns a connector that trusts the certificates of a file, whose path this variable sets, or
/// those of the system.
pub(crate) fn connector(
    variable: &str,
    certificates: Option<&Path>,
) -> Result<HttpsConnector<HttpConnector>, SecretError> {
    let Some(path) = certificates else {
        let builder = HttpsConnectorBuilder::new().with_native_roots();
        let builder = builder.map_err(|error| {
            SecretError::new(format!(
                "the system's root certificates cannot be read: {error}"
            ))
        })?;
        return Ok(builder.https_or_http().enable_http1().build());
    };
    let unusable =
        |problem: String| SecretError::new(format!("{variable} cannot be used: {problem}"));
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("it contains no certificate".to_owned()));
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .build())
}

pub(crate) fn variable(
    environment: &Environment,
    name: &str,
) -> Result<Option<String>, SecretError> {
    environment
        .value(name)
        .map_err(|_| SecretError::new(format!("{name} is not UTF-8")))
        .map(|value| value.filter(|value| !value.is_empty()).map(str::to_owned))
}
