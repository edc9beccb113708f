//! Converts the files to the settings of the TLS library.

use std::{io::Read, path::Path, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{ClientCertificates, TlsConfig, TlsError, TlsVersion};

/// Maximum size of a file, in bytes, more than twice the certificate authorities of all browsers.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// The content of the files at one moment.
#[derive(PartialEq, Eq)]
pub(super) struct Files {
    certificate: Vec<u8>,
    key: zeroize::Zeroizing<Vec<u8>>,
    client_ca: Option<Vec<u8>>,
}

impl Files {
    /// Reads with blocking calls.
    pub(super) fn read(config: &TlsConfig) -> Result<Self, TlsError> {
        let uses_client_certificates = config.client_certificates != ClientCertificates::None;
        let client_ca = match &config.client_ca {
            Some(path) if uses_client_certificates => Some(read(path)?),
            None if uses_client_certificates => return Err(TlsError::NoClientCa),
            _ => None,
        };
        Ok(Self {
            certificate: read(&config.certificate)?,
            key: read(&config.key)?.into(),
            client_ca,
        })
    }

    pub(super) fn server_config(
        &self,
        config: &TlsConfig,
        protocols: &[&[u8]],
    ) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certified = self.certified_key(config, &provider)?;
        let versions: &[_] = match config.min_version {
            TlsVersion::Tls12 => &[&TLS13, &TLS12],
            TlsVersion::Tls13 => &[&TLS13],
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|error| TlsError::Unavailable(error.to_string()))?;
        let builder = match self.client_verifier(config, provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let resolver = rustls::sign::SingleCertAndKey::from(certified);
        let mut server = builder.with_cert_resolver(Arc::new(resolver));
        server.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(server)
    }

    /// Returns the Unix time in seconds at which the first certificate of the chain expires.
    pub(super) fn expires(&self, config: &TlsConfig) -> Result<i64, TlsError> {
        let path = &config.certificate;
        let chain = certificates(path, &self.certificate)?;
        let mut expires = i64::MAX;
        for certificate in &chain {
            let end = parse(path, certificate)?.validity().not_after;
            expires = expires.min(end.timestamp());
        }
        Ok(expires)
    }

    fn certified_key(
        &self,
        config: &TlsConfig,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, TlsError> {
        let chain = certificates(&config.certificate, &self.certificate)?;
        if let Some(certificate) = chain.first() {
            check_period(&config.certificate, certificate)?;
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| {
            TlsError::file(
                &config.key,
                format!("contains no usable private key: {error}"),
            )
        })?;
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| {
            TlsError::file(
                &config.key,
                format!("contains no usable private key: {error}"),
            )
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // The type of the key does not reveal its public half. A handshake verifies it.
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
                Ok(certified)
            }
            Err(_) => Err(TlsError::Mismatch {
                certificate: config.certificate.clone(),
                key: config.key.clone(),
            }),
        }
    }

    fn client_verifier(
        &self,
        config: &TlsConfig,
        provider: Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let (Some(path), Some(bundle)) = (&config.client_ca, &self.client_ca) else {
            return Ok(None);
        };
        let refuse = |problem: String| TlsError::file(path, problem);
        let mut roots = RootCertStore::empty();
        for authority in certificates(path, bundle)? {
            roots
                .add(authority)
                .map_err(|error| refuse(format!("contains no usable authority: {error}")))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = match config.client_certificates {
            ClientCertificates::Optional => builder.allow_unauthenticated(),
            _ => builder,
        };
        let verifier = builder.build();
        let verifier = verifier
            .map_err(|error| refuse(format!("cannot be used to verify clients: {error}")))?;
        Ok(Some(verifier))
    }
}

/// Reads a whole file. Rejects a file that is not regular or is larger than `MAX_FILE_SIZE`.
fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let cannot = |source| TlsError::Read {
        path: path.to_owned(),
        source,
    };
    // Checked before the file is opened, because opening a pipe waits for its other end.
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if !metadata.is_file() {
        return Err(TlsError::file(path, "is not a regular file"));
    }
    let file = std::fs::File::open(path).map_err(cannot)?;
    // Allocate the whole size, so that a growing vector does not leave copies of a key in memory.
    let room = metadata.len().min(MAX_FILE_SIZE) + 1;
    let mut content = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    // The file may have grown since, and some files report a size of 0.
    file.take(MAX_FILE_SIZE + 1)
        .read_to_end(&mut content)
        .map_err(cannot)?;
    if content.len() as u64 > MAX_FILE_SIZE {
        let problem = format!("is larger than {MAX_FILE_SIZE} bytes");
        return Err(TlsError::file(path, problem));
    }
    Ok(content)
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::file(path, format!("is not valid PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(TlsError::file(path, "contains no certificate"));
    }
    Ok(certificates)
}

/// Rejects a certificate outside of its validity period, because every client would reject it. The
/// error contains the reason.
fn check_period(path: &Path, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
    let parsed = parse(path, certificate)?;
    let period = parsed.validity();
    if period.is_valid() {
        return Ok(());
    }
    let problem = format!(
        "contains a certificate that is valid only from {} to {}",
        period.not_before, period.not_after
    );
    Err(TlsError::file(path, problem))
}

fn parse<'a>(
    path: &Path,
    certificate: &'a CertificateDer<'_>,
) -> Result<X509Certificate<'a>, TlsError> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| {
        TlsError::file(path, format!("contains a malformed certificate: {error}"))
    })?;
    Ok(parsed)
}
