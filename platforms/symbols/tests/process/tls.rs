use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint, Error as TransportError},
};
use tower::service_fn;

use crate::{
    app::SymbolsApp,
    contract::service::symbols::v1::{
        GetSymbolRequest, symbols_service_client::SymbolsServiceClient,
    },
};

/// A certificate authority with the certificates of a server and a client.
pub(crate) struct Authority(TempDir);

impl Authority {
    pub(crate) fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        fs::write(
            authority.path("ca.pem"),
            params.self_signed(&key).unwrap().pem(),
        )
        .unwrap();
        let issuer = Issuer::new(params, key);
        for name in ["localhost", "client"] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap().pem();
            fs::write(authority.path(&format!("{name}.pem")), certificate).unwrap();
            fs::write(authority.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn start(&self, client_certificates: &str) -> SymbolsApp {
        let set = |key: &str, value: &Path| format!("server.grpc.tls.{key}={}", value.display());
        let settings = [
            set("certificate", &self.path("localhost.pem")),
            set("key", &self.path("localhost.key")),
            set("client_ca", &self.path("ca.pem")),
            set("client_certificates", Path::new(client_certificates)),
        ];
        let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
        SymbolsApp::start(&arguments)
    }

    /// Calls a method, with or without the client certificate.
    async fn call(
        &self,
        service: &SymbolsApp,
        with_certificate: bool,
    ) -> Result<Status, TransportError> {
        let read = |name: &str| CertificateDer::from_pem_file(self.path(name)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(read("ca.pem")).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots);
        let mut config = if with_certificate {
            let key = PrivateKeyDer::from_pem_file(self.path("client.key")).unwrap();
            config
                .with_client_auth_cert(vec![read("client.pem")], key)
                .unwrap()
        } else {
            config.with_no_client_auth()
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let address = service.grpc();
        let connect = service_fn(move |_| {
            let connector = connector.clone();
            async move {
                let stream = TcpStream::connect(address).await?;
                let name = ServerName::try_from("localhost").unwrap();
                connector.connect(name, stream).await.map(TokioIo::new)
            }
        });
        // The URL has no TLS, because the connector does it.
        let endpoint = Endpoint::from_static("http://localhost");
        let channel: Channel = endpoint.connect_with_connector(connect).await?;
        let call = SymbolsServiceClient::new(channel)
            .get_symbol(GetSymbolRequest { id: 9 })
            .await;
        Ok(call.unwrap_err())
    }
}

#[tokio::test]
async fn server_with_tls_rejects_plaintext_sec_1() {
    let authority = Authority::new();
    let service = authority.start("none");
    let status = authority.call(&service, false).await.unwrap();
    assert_eq!(status.code(), Code::NotFound);
    let plain = SymbolsServiceClient::connect(format!("http://{}", service.grpc())).await;
    let refused = match plain {
        Ok(mut client) => client.get_symbol(GetSymbolRequest { id: 9 }).await.is_err(),
        Err(_) => true,
    };
    assert!(refused, "the server accepted plaintext");
}

#[tokio::test]
async fn required_client_certificate_is_checked_sec_1() {
    let authority = Authority::new();
    let service = authority.start("required");
    let status = authority.call(&service, true).await.unwrap();
    assert_eq!(status.code(), Code::NotFound);
    let without = authority.call(&service, false).await;
    assert!(
        without
            .as_ref()
            .map_or(true, |status| status.code() != Code::NotFound),
        "{without:?}"
    );
    // The server rejects certificates of another authority.
    let other_authority = Authority::new();
    fs::copy(authority.path("ca.pem"), other_authority.path("ca.pem")).unwrap();
    let other = other_authority.call(&service, true).await;
    assert!(
        other
            .as_ref()
            .map_or(true, |status| status.code() != Code::NotFound),
        "{other:?}"
    );
}
