use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls::{ProtocolVersion, ServerConnection};
use rustls_pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use super::TlsVersion;

/// The result of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSession {
    version: TlsVersion,
    peer: Option<PeerCertificate>,
}

impl TlsSession {
    /// The result of a handshake in a TLS terminator or in a test.
    #[must_use]
    pub fn new(version: TlsVersion, peer: Option<PeerCertificate>) -> Self {
        Self { version, peer }
    }

    pub(crate) fn of(connection: &ServerConnection) -> Result<Self, InvalidCertificate> {
        let version = match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
            _ => TlsVersion::Tls12,
        };
        let peer = connection.peer_certificates();
        let peer = peer.map(PeerCertificate::read).transpose()?;
        Ok(Self { version, peer })
    }

    /// The negotiated TLS version.
    #[must_use]
    pub fn version(&self) -> TlsVersion {
        self.version
    }

    /// The client's certificate, verified against `client_ca`. `None` if the client sent none.
    #[must_use]
    pub fn peer(&self) -> Option<&PeerCertificate> {
        self.peer.as_ref()
    }
}

/// A verified client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    chain: Vec<CertificateDer<'static>>,
    subject: String,
    dns_names: Vec<String>,
    uris: Vec<String>,
    emails: Vec<String>,
    addresses: Vec<IpAddr>,
}

/// A verified client certificate that cannot be parsed. Its connection ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client certificate cannot be read: {0}")]
pub struct InvalidCertificate(String);

impl PeerCertificate {
    /// Reads the names of the first certificate of a chain that was verified elsewhere.
    ///
    /// # Errors
    /// The chain is empty or its first certificate is not one.
    pub fn read(chain: &[CertificateDer<'_>]) -> Result<Self, InvalidCertificate> {
        let unreadable = |problem: String| InvalidCertificate(problem);
        let first = chain.first();
        let first = first.ok_or_else(|| unreadable("the chain is empty".to_owned()))?;
        let (_, certificate) =
            X509Certificate::from_der(first).map_err(|error| unreadable(error.to_string()))?;
        let mut read = Self {
            chain: chain.iter().map(|one| one.clone().into_owned()).collect(),
            subject: certificate.subject().to_string(),
            dns_names: Vec::new(),
            uris: Vec::new(),
            emails: Vec::new(),
            addresses: Vec::new(),
        };
        let names = certificate
            .subject_alternative_name()
            .map_err(|error| unreadable(error.to_string()))?;
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => read.dns_names.push((*name).to_owned()),
                GeneralName::URI(uri) => read.uris.push((*uri).to_owned()),
                GeneralName::RFC822Name(email) => read.emails.push((*email).to_owned()),
                GeneralName::IPAddress(bytes) => read.addresses.extend(address(bytes)),
                _ => {}
            }
        }
        Ok(read)
    }

    /// The certificates as they were sent, the client's own first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The distinguished name, such as `CN=orders, O=Example`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The DNS names among the alternative names.
    #[must_use]
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// The URIs among the alternative names, where SPIFFE identities are.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// The e-mail addresses among the alternative names.
    #[must_use]
    pub fn emails(&self) -> &[String] {
        &self.emails
    }

    /// The network addresses among the alternative names.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).into())
}
