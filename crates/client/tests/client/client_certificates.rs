//! SEC-1 for calls: client certificates.

use std::{fs, net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use seaworthy_client::{BuildError, ClientError, HttpClientConfig, RedirectProblem};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use super::secure::trusting;
use crate::fixture::{builder, client, once};

/// A certificate authority in a folder, and a server with its certificate. The server requires
/// client certificates of the same authority, uses HTTP/2 and responds with the version of the
/// request.
struct Mutual {
    authority: Authority,
    address: SocketAddr,
    shown: Arc<Mutex<Vec<bool>>>,
    tasks: JoinSet<()>,
}

struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

/// How a server treats a client without a certificate, and where it redirects to.
#[derive(Default)]
struct ClientCertificatePolicy {
    admits_anonymous: bool,
    redirects_to: Option<String>,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
            der: authority.der().clone(),
        }
    }

    fn acceptor(&self, admits_anonymous: bool) -> TlsAcceptor {
        let (certificate, key) = issued(&self.issuer);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&provider),
        );
        let verifier = if admits_anonymous {
            verifier.allow_unauthenticated()
        } else {
            verifier
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// A server on a port. It records for each connection whether it presented a certificate, and
    /// keeps its tasks.
    async fn serve(
        &self,
        address: SocketAddr,
        policy: ClientCertificatePolicy,
    ) -> (SocketAddr, Arc<Mutex<Vec<bool>>>, JoinSet<()>) {
        let acceptor = self.acceptor(policy.admits_anonymous);
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                let location = policy.redirects_to.clone();
                connections.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let (_, tls) = stream.get_ref();
                        seen.lock().push(tls.peer_certificates().is_some());
                        respond_with_version(stream, location).await;
                    }
                });
            }
        });
        (address, shown, tasks)
    }
}

impl Mutual {
    async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    async fn start_at(address: SocketAddr) -> Self {
        let authority = Authority::new();
        let (address, shown, tasks) = authority
            .serve(address, ClientCertificatePolicy::default())
            .await;
        Self {
            authority,
            address,
            shown,
            tasks,
        }
    }

    /// Ends the server and all its connections, and frees its port.
    async fn stop(mut self) -> SocketAddr {
        self.tasks.shutdown().await;
        self.address
    }

    fn url(&self) -> String {
        url(self.address)
    }

    fn folder(&self) -> &TempDir {
        &self.authority.folder
    }

    /// Writes a certificate for the client, of this authority.
    fn identify(&self, folder: &TempDir) {
        self.authority.identify(folder);
    }
}

impl Authority {
    fn identify(&self, folder: &TempDir) {
        let (certificate, key) = issued(&self.issuer);
        fs::write(folder.path().join("client.pem"), certificate.pem()).unwrap();
        fs::write(folder.path().join("client.key"), key.serialize_pem()).unwrap();
    }
}

fn url(address: SocketAddr) -> String {
    format!("https://localhost:{}/", address.port())
}

fn issued(issuer: &Issuer<'static, KeyPair>) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, issuer).unwrap(), key)
}

async fn respond_with_version(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
    location: Option<String>,
) {
    use hyper_util::{
        rt::{TokioExecutor, TokioIo},
        server::conn::auto,
    };
    let service = hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let version = bytes::Bytes::from(format!("{:?}", request.version()));
        let mut answer = hyper::Response::new(http_body_util::Full::new(version));
        if let Some(location) = &location {
            *answer.status_mut() = http::StatusCode::TEMPORARY_REDIRECT;
            let location = location.parse().unwrap();
            answer.headers_mut().insert("location", location);
        }
        async move { Ok::<_, std::convert::Infallible>(answer) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

/// A client of the dependency at `base` that has the certificate in this folder.
fn identified(folder: &TempDir, base: &str) -> impl FnOnce(&mut HttpClientConfig) {
    let path = |name: &str| Some(folder.path().join(name));
    let (ca, certificate, key) = (path("ca.pem"), path("client.pem"), path("client.key"));
    let base = base.parse().unwrap();
    move |config| {
        once(config);
        config.base_url = Some(base);
        config.tls.ca = ca;
        config.tls.certificate = certificate;
        config.tls.key = key;
    }
}

#[tokio::test]
async fn client_presents_certificate_over_http_2_sec_1() {
    let server = Mutual::start().await;
    server.identify(server.folder());
    let known = client(identified(server.folder(), &server.url()));
    let response = known.get("/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "HTTP/2.0");
    assert_eq!(*server.shown.lock(), [true]);
    let trusting = trusting(server.folder());
    assert!(client(trusting).get(&server.url()).send().await.is_err());
    let stranger = Mutual::start().await;
    stranger.identify(server.folder());
    let forged = client(identified(server.folder(), &server.url()));
    assert!(forged.get("/").send().await.is_err());
}

#[tokio::test]
async fn client_reloads_rotated_certificates_sec_1() {
    let old = Mutual::start().await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::copy(old.folder().path().join("ca.pem"), &ca).unwrap();
    old.identify(&folder);
    let client = client(identified(&folder, &old.url()));
    assert!(client.get("/").send().await.is_ok());
    let new = Mutual::start_at(old.stop().await).await;
    assert!(client.get("/").send().await.is_err());
    // A file that is half written is not used.
    fs::write(&ca, "-----BEGIN CERT").unwrap();
    assert!(client.get("/").send().await.is_err());
    fs::copy(new.folder().path().join("ca.pem"), &ca).unwrap();
    new.identify(&folder);
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "HTTP/2.0");
}

#[tokio::test]
async fn redirect_to_other_origin_sends_no_certificate_sec_1() {
    let authority = Authority::new();
    authority.identify(&authority.folder);
    let free = ([127, 0, 0, 1], 0).into();
    let policy = |redirects_to| ClientCertificatePolicy {
        admits_anonymous: true,
        redirects_to,
    };
    let (other, shown_there, _other) = authority.serve(free, policy(None)).await;
    let (base, shown, _base) = authority.serve(free, policy(Some(url(other)))).await;
    let client = client(|config| {
        identified(&authority.folder, &url(base))(config);
        config.redirects.allow_other_origins = true;
    });
    let response = client.post("/").json(&1).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "HTTP/2.0");
    assert_eq!(*shown.lock(), [true]);
    assert_eq!(*shown_there.lock(), [false]);
}

/// A request that another origin redirects back to the first one is not the client's own call.
#[tokio::test]
async fn redirect_back_to_first_origin_sends_no_certificate_sec_1() {
    let authority = Authority::new();
    authority.identify(&authority.folder);
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let kept = TcpListener::bind(free).await.unwrap();
    let base = kept.local_addr().unwrap();
    let policy = |redirects_to| ClientCertificatePolicy {
        admits_anonymous: true,
        redirects_to,
    };
    let (other, _, _other) = authority.serve(free, policy(Some(url(base)))).await;
    drop(kept);
    let (_, shown, _base) = authority.serve(base, policy(Some(url(other)))).await;
    let client = client(|config| {
        identified(&authority.folder, &url(base))(config);
        config.redirects.allow_other_origins = true;
    });
    let error = client.get("/").send().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Redirect {
                problem: RedirectProblem::TooMany,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(*shown.lock(), [true, false]);
}

#[tokio::test]
async fn certificate_without_base_url_is_rejected_sec_1() {
    let authority = Authority::new();
    authority.identify(&authority.folder);
    let error = builder(|config| {
        identified(&authority.folder, "https://localhost/")(config);
        config.base_url = None;
    })
    .build()
    .unwrap_err();
    assert!(matches!(error, BuildError::NoBaseUrl { .. }), "{error}");
}
