//! A certificate authority and the certificates that it issues.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use tempfile::TempDir;

/// A certificate authority and the files of its certificates, in a separate folder.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a client or server certificate.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, as PEM.
    pub certificate: PathBuf,
    /// Its key, as PEM.
    pub key: PathBuf,
}

impl Authority {
    /// Creates an authority with this name. Two authorities with the same name differ only in their
    /// keys.
    ///
    /// # Errors
    /// Its files cannot be written. The other methods of this type return the same error.
    pub fn new(name: &str) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        let authority = Self {
            folder: tempfile::tempdir()?,
            issuer: Issuer::new(params, key),
        };
        fs::write(authority.certificate(), certificate.pem())?;
        Ok(authority)
    }

    /// Returns the file of the authority's own certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Issues the certificate of a server at `localhost`.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn server(&self) -> io::Result<Identity> {
        let params = named("localhost")?;
        self.issue("server", params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Issues the certificate of a server at `localhost` that expires after this time.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn server_for(&self, lifetime: Duration) -> io::Result<Identity> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut params = named("localhost")?;
        params.not_after =
            rcgen::date_time_ymd(1970, 1, 1) + now.map_err(io::Error::other)? + lifetime;
        self.issue("server", params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Issues the certificate of a client. Its name is a URI or a DNS name.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn client(&self, name: &str) -> io::Result<Identity> {
        self.issue("client", named(name)?, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Issues the certificate of a client that expired long ago.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn expired(&self, name: &str) -> io::Result<Identity> {
        let mut params = named(name)?;
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        self.issue("expired", params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(
        &self,
        file: &str,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
    ) -> io::Result<Identity> {
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(io::Error::other)?;
        // One test may have several clients, so each has its own file names.
        let folder = tempfile::Builder::new()
            .prefix(file)
            .disable_cleanup(true)
            .tempdir_in(self.folder.path())?;
        let write = |name: &str, text: String| {
            let path: PathBuf = Path::new(folder.path()).join(name);
            fs::write(&path, text).map(|()| path)
        };
        Ok(Identity {
            certificate: write("certificate.pem", certificate.pem())?,
            key: write("key.pem", key.serialize_pem())?,
        })
    }
}

fn named(name: &str) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(match name.contains("://") {
        true => SanType::URI(name.try_into().map_err(io::Error::other)?),
        false => SanType::DnsName(name.try_into().map_err(io::Error::other)?),
    });
    Ok(params)
}
