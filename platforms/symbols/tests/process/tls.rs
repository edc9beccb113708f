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
    contract::service::symbols::v1::{
        GetSymbolRequest, symbols_service_client::SymbolsServiceClient,
    },
    running::Running,
};

/// An authority, and the files of a server and a client that it vouches for.
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

    pub(crate) fn start(&self, client_certificates: &str) -> Running {
        let set = |key: &str, value: &Path| format!("server.grpc.tls.{key}={}", value.display());
        let settings = [
            set("certificate", &self.path("localhost.pem")),
            set("key", &self.path("localhost.key")),
            set("client_ca", &self.path("ca.pem")),
            set("client_certificates", Path::new(client_certificates)),
        ];
        let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
        Running::start(&arguments)
    }

    /// Calls as a client that shows a certificate, or none.
    async fn call(&self, service: &Running, shows: bool) -> Result<Status, TransportError> {
        let read = |name: &str| CertificateDer::from_pem_file(self.path(name)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(read("ca.pem")).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots);
        let mut config = if shows {
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
        // The connector speaks TLS; tonic, told of it, would bring its own.
        let endpoint = Endpoint::from_static("http://localhost");
        let channel: Channel = endpoint.connect_with_connector(connect).await?;
        let call = SymbolsServiceClient::new(channel)
            .get_symbol(GetSymbolRequest { id: 9 })
            .await;
        Ok(call.unwrap_err())
    }
}

#[tokio::test]
async fn calls_pass_over_tls_and_in_no_other_way_sec_1() {
    let authority = Authority::new();
    let service = authority.start("none");
    let status = authority.call(&service, false).await.unwrap();
    assert_eq!(status.code(), Code::NotFound);
    let plain = SymbolsServiceClient::connect(format!("http://{}", service.grpc())).await;
    let refused = match plain {
        Ok(mut client) => client.get_symbol(GetSymbolRequest { id: 9 }).await.is_err(),
        Err(_) => true,
    };
    assert!(refused, "plain text must not pass");
}

#[tokio::test]
async fn where_client_certificates_are_required_nobody_calls_without_one_sec_1() {
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
    // Another authority's client is nobody here.
    let stranger = Authority::new();
    fs::copy(authority.path("ca.pem"), stranger.path("ca.pem")).unwrap();
    let other = stranger.call(&service, true).await;
    assert!(
        other
            .as_ref()
            .map_or(true, |status| status.code() != Code::NotFound),
        "{other:?}"
    );
}
