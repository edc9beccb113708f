//! SEC-1 for calls: client certificates.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use seaworthy_client::{BuildError, ClientError, HttpClientConfig, RedirectProblem};
use seaworthy_testkit::authority::Authority;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use super::secure::trusting;
use crate::fixture::{builder, client, once};

/// A server with a certificate of its authority. It requires client certificates of the same
/// authority, uses HTTP/2 and responds with the version of the request.
struct Mutual {
    authority: Authority,
    address: SocketAddr,
    shown: Arc<Mutex<Vec<bool>>>,
    tasks: JoinSet<()>,
}

/// The TLS files of a client.
struct ClientFiles(TempDir);

/// How a server treats a client without a certificate, and where it redirects to.
#[derive(Default)]
struct ClientCertificatePolicy {
    admits_anonymous: bool,
    redirects_to: Option<String>,
}

fn authority() -> Authority {
    Authority::new("authority").unwrap()
}

fn acceptor(authority: &Authority, admits_anonymous: bool) -> TlsAcceptor {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(authority.certificate()).unwrap();
    roots.add(root).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = if admits_anonymous {
        verifier.allow_unauthenticated()
    } else {
        verifier
    };
    let identity = authority.server().unwrap();
    let certificate = CertificateDer::from_pem_file(identity.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(identity.key).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// A server on a port. It records for each connection whether it presented a certificate, and
/// keeps its tasks.
async fn serve(
    authority: &Authority,
    address: SocketAddr,
    policy: ClientCertificatePolicy,
) -> (SocketAddr, Arc<Mutex<Vec<bool>>>, JoinSet<()>) {
    let acceptor = acceptor(authority, policy.admits_anonymous);
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

impl Mutual {
    async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    async fn start_at(address: SocketAddr) -> Self {
        let authority = authority();
        let (address, shown, tasks) =
            serve(&authority, address, ClientCertificatePolicy::default()).await;
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
}

impl ClientFiles {
    /// Writes the files of a client that trusts an authority and has a certificate of it.
    fn new(authority: &Authority) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.trust(authority);
        files.identify(authority);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    fn trust(&self, authority: &Authority) {
        fs::copy(authority.certificate(), self.ca()).unwrap();
    }

    /// Replaces the certificate by one of this authority.
    fn identify(&self, authority: &Authority) {
        let identity = authority.client("localhost").unwrap();
        let copy = |from: &Path, name: &str| fs::copy(from, self.path(name)).unwrap();
        copy(&identity.certificate, "client.pem");
        copy(&identity.key, "client.key");
    }
}

fn url(address: SocketAddr) -> String {
    format!("https://localhost:{}/", address.port())
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

/// A client of the dependency at `base` with these files.
fn identified(files: &ClientFiles, base: &str) -> impl FnOnce(&mut HttpClientConfig) {
    let (ca, certificate, key) = (
        files.ca(),
        files.path("client.pem"),
        files.path("client.key"),
    );
    let base = base.parse().unwrap();
    move |config| {
        once(config);
        config.base_url = Some(base);
        config.tls.ca = Some(ca);
        config.tls.certificate = Some(certificate);
        config.tls.key = Some(key);
    }
}

#[tokio::test]
async fn client_presents_certificate_over_http_2_sec_1() {
    let server = Mutual::start().await;
    let files = ClientFiles::new(&server.authority);
    let known = client(identified(&files, &server.url()));
    let response = known.get("/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "HTTP/2.0");
    assert_eq!(*server.shown.lock(), [true]);
    let trusting = trusting(&server.authority);
    assert!(client(trusting).get(&server.url()).send().await.is_err());
    files.identify(&authority());
    let forged = client(identified(&files, &server.url()));
    assert!(forged.get("/").send().await.is_err());
}

#[tokio::test]
async fn client_reloads_rotated_certificates_sec_1() {
    let old = Mutual::start().await;
    let files = ClientFiles::new(&old.authority);
    let client = client(identified(&files, &old.url()));
    assert!(client.get("/").send().await.is_ok());
    let new = Mutual::start_at(old.stop().await).await;
    assert!(client.get("/").send().await.is_err());
    // A file that is half written is not used.
    fs::write(files.ca(), "-----BEGIN CERT").unwrap();
    assert!(client.get("/").send().await.is_err());
    files.trust(&new.authority);
    files.identify(&new.authority);
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "HTTP/2.0");
}

#[tokio::test]
async fn redirect_to_other_origin_sends_no_certificate_sec_1() {
    let authority = authority();
    let files = ClientFiles::new(&authority);
    let free = ([127, 0, 0, 1], 0).into();
    let policy = |redirects_to| ClientCertificatePolicy {
        admits_anonymous: true,
        redirects_to,
    };
    let (other, shown_there, _other) = serve(&authority, free, policy(None)).await;
    let (base, shown, _base) = serve(&authority, free, policy(Some(url(other)))).await;
    let client = client(|config| {
        identified(&files, &url(base))(config);
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
    let authority = authority();
    let files = ClientFiles::new(&authority);
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let kept = TcpListener::bind(free).await.unwrap();
    let base = kept.local_addr().unwrap();
    let policy = |redirects_to| ClientCertificatePolicy {
        admits_anonymous: true,
        redirects_to,
    };
    let (other, _, _other) = serve(&authority, free, policy(Some(url(base)))).await;
    drop(kept);
    let (_, shown, _base) = serve(&authority, base, policy(Some(url(other)))).await;
    let client = client(|config| {
        identified(&files, &url(base))(config);
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
    let files = ClientFiles::new(&authority());
    let error = builder(|config| {
        identified(&files, "https://localhost/")(config);
        config.base_url = None;
    })
    .build()
    .unwrap_err();
    assert!(matches!(error, BuildError::NoBaseUrl { .. }), "{error}");
}
