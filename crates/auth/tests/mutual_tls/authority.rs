use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use tempfile::TempDir;

/// An authority, and the files of those that it vouches for, in a folder of its own.
pub(crate) struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// The files that prove who somebody is.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// An authority of this name. Two of the same name differ in nothing but their keys.
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let authority = Self {
            folder: tempfile::tempdir().unwrap(),
            issuer: Issuer::new(params, key),
        };
        fs::write(authority.certificate(), certificate.pem()).unwrap();
        authority
    }

    /// The file by which others know it.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn server(&self) -> Identity {
        let params = named("localhost");
        self.issue("server", params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(crate) fn client(&self, name: &str) -> Identity {
        self.issue("client", named(name), ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A client's, which was good until long ago.
    pub(crate) fn expired(&self, name: &str) -> Identity {
        let mut params = named(name);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        self.issue("expired", params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(
        &self,
        file: &str,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
    ) -> Identity {
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        // Several clients of one test: the part behind the name tells their files apart.
        let folder = tempfile::Builder::new()
            .prefix(file)
            .disable_cleanup(true)
            .tempdir_in(self.folder.path())
            .unwrap();
        let write = |name: &str, text: String| {
            let path: PathBuf = Path::new(folder.path()).join(name);
            fs::write(&path, text).unwrap();
            path
        };
        Identity {
            certificate: write("certificate.pem", certificate.pem()),
            key: write("key.pem", key.serialize_pem()),
        }
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(match name.contains("://") {
        true => SanType::URI(name.try_into().unwrap()),
        false => SanType::DnsName(name.try_into().unwrap()),
    });
    params
}
