//! SEC-1: TLS 1.2 or newer, client certificates, new files without a restart.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests, and these share several"
)]

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use seaworthy_core::Timeout;
use seaworthy_http::{
    server::{ListenError, Listener, ListenerConfig},
    tls::{ClientCertificates, Reload, TlsConfig, TlsVersion},
};
use seaworthy_testkit::raw::{RawClient, StreamEnd};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::fixture::{Fixture, TIMEOUT, start_with};

/// An authority with the files of a server, in a folder of its own.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let authority = Self {
            folder: tempfile::tempdir().unwrap(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        };
        fs::write(authority.path("ca.pem"), certificate.pem()).unwrap();
        authority.write_server_files();
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn issue(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn write_server_files(&self) {
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = self.issue(&params);
        fs::write(self.path("server.pem"), certificate).unwrap();
        fs::write(self.path("server.key"), key).unwrap();
    }

    fn config(&self) -> TlsConfig {
        TlsConfig::new(self.path("server.pem"), self.path("server.key"))
    }

    async fn start(&self, change: impl FnOnce(&mut TlsConfig)) -> Fixture {
        let mut tls = self.config();
        change(&mut tls);
        start_with(|config| config.tls = Some(tls)).await
    }

    fn client(&self) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        Client {
            roots,
            identity: None,
            alpn: Vec::new(),
            versions: vec![&TLS13, &TLS12],
        }
    }
}

struct Client {
    roots: RootCertStore,
    identity: Option<(String, String)>,
    alpn: Vec<Vec<u8>>,
    versions: Vec<&'static rustls::SupportedProtocolVersion>,
}

impl Client {
    async fn connect(self, fixture: &Fixture) -> std::io::Result<TlsStream<TcpStream>> {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots);
        let mut config = match self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder
                    .with_client_auth_cert(vec![certificate], key)
                    .unwrap()
            }
        };
        config.alpn_protocols = self.alpn;
        let stream = TcpStream::connect(fixture.address).await?;
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
    }

    /// Returns the response of `GET /peer`, or an error if the handshake or the connection fails.
    async fn peer(self, fixture: &Fixture) -> std::io::Result<String> {
        let mut stream = self.connect(fixture).await?;
        stream
            .write_all(b"GET /peer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        Ok(response
            .split("\r\n\r\n")
            .nth(1)
            .unwrap_or_default()
            .to_owned())
    }
}

#[tokio::test]
async fn alpn_selects_http1_or_http2_sec_1() {
    let authority = Authority::new();
    let fixture = authority.start(|_| {}).await;
    assert_eq!(
        authority.client().peer(&fixture).await.unwrap(),
        "anonymous"
    );

    let mut client = authority.client();
    client.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = client.connect(&fixture).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("https://localhost/").body(()).unwrap();
    let (response, _) = requests.send_request(request, true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    drop(requests);
    fixture.drained().await;
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn half_closed_tls_client_gets_response_life_6() {
    let authority = Authority::new();
    let fixture = start_with(|config| {
        config.tls = Some(authority.config());
        config.limits.connections.half_close_timeout = Timeout::from_secs(60);
    })
    .await;
    let mut client = authority.client().connect(&fixture).await.unwrap();
    let request = b"GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    // Sends `close_notify` and a FIN.
    client.shutdown().await.unwrap();
    let mut response = String::new();
    let read = client.read_to_string(&mut response);
    let early = tokio::time::timeout(Duration::from_millis(300), read).await;
    assert!(early.is_err(), "{response}");
    fixture.release.notify_one();
    let read = tokio::time::timeout(TIMEOUT, client.read_to_string(&mut response)).await;
    read.unwrap().unwrap();
    assert!(response.ends_with("waited"), "{response}");
}

#[tokio::test]
async fn tls_1_2_is_accepted_by_default_sec_1() {
    let authority = Authority::new();
    for (min_version, accepted) in [(TlsVersion::Tls12, true), (TlsVersion::Tls13, false)] {
        let fixture = authority.start(|tls| tls.min_version = min_version).await;
        let mut client = authority.client();
        client.versions = vec![&TLS12];
        assert_eq!(client.peer(&fixture).await.is_ok(), accepted);
        assert_eq!(
            fixture.server.stats().handshake_failures,
            u64::from(!accepted)
        );
    }
}

#[tokio::test]
async fn client_certificate_identifies_client_sec_1() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let mut params = CertificateParams::new(vec!["orders.internal".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "orders");
    let uri = "spiffe://example/orders".try_into().unwrap();
    params.subject_alt_names.push(SanType::URI(uri));
    for (mode, without) in [
        (ClientCertificates::Required, None),
        (ClientCertificates::Optional, Some("anonymous")),
    ] {
        let fixture = authority
            .start(|tls| {
                tls.client_certificates = mode;
                tls.client_ca = Some(authority.path("ca.pem"));
            })
            .await;
        let mut known = authority.client();
        known.identity = Some(authority.issue(&params));
        let peer = known.peer(&fixture).await.unwrap();
        assert!(peer.contains("CN=orders"), "{peer}");
        assert!(peer.contains("orders.internal"), "{peer}");
        assert!(peer.contains("spiffe://example/orders"), "{peer}");

        let mut foreign = authority.client();
        foreign.identity = Some(stranger.issue(&params));
        assert!(foreign.peer(&fixture).await.is_err());

        let anonymous = authority.client().peer(&fixture).await;
        assert_eq!(anonymous.ok().as_deref(), without);
    }
}

#[tokio::test]
async fn changed_tls_files_are_loaded_invalid_ones_are_ignored_sec_1() {
    let authority = Authority::new();
    let fixture = authority.start(|_| {}).await;
    let shown = async || {
        let stream = authority.client().connect(&fixture).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let first = shown().await;
    assert_eq!(
        fixture.server.reload_tls().await.unwrap(),
        Reload::Unchanged
    );

    authority.write_server_files();
    assert_eq!(fixture.server.reload_tls().await.unwrap(), Reload::Changed);
    let second = shown().await;
    assert_ne!(first, second);

    fs::write(authority.path("server.pem"), "half a file").unwrap();
    let error = fixture.server.reload_tls().await.unwrap_err().to_string();
    assert!(
        error.contains("server.pem contains no certificate"),
        "{error}"
    );
    assert_eq!(shown().await, second);
    let stats = fixture.server.stats();
    assert_eq!((stats.tls_reloads, stats.tls_reload_failures), (1, 1));
}

#[tokio::test]
async fn expiry_is_that_of_the_certificate_in_use_sec_1() {
    let authority = Authority::new();
    let write = |year| {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let (certificate, key) = authority.issue(&params);
        fs::write(authority.path("server.pem"), certificate).unwrap();
        fs::write(authority.path("server.key"), key).unwrap();
    };
    write(2040);
    let fixture = authority.start(|_| {}).await;
    assert_eq!(fixture.server.certificate_expires(), Some(2_208_988_800));
    write(2050);
    assert_eq!(fixture.server.reload_tls().await.unwrap(), Reload::Changed);
    assert_eq!(fixture.server.certificate_expires(), Some(2_524_608_000));
}

#[tokio::test]
async fn finds_new_files_by_itself_sec_1() {
    let authority = Authority::new();
    let fixture = authority
        .start(|tls| tls.reload_interval = Timeout::from_millis(20))
        .await;
    authority.write_server_files();
    fixture
        .until(|fixture| fixture.server.stats().tls_reloads > 0)
        .await;
}

#[tokio::test]
async fn invalid_files_are_named_with_their_error_sec_1() {
    let authority = Authority::new();
    let other = Authority::new();
    fs::write(authority.path("empty.pem"), "").unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    fs::write(authority.path("expired.pem"), authority.issue(&params).0).unwrap();
    let with_certificate =
        |name| TlsConfig::new(authority.path(name), authority.path("server.key"));
    let with_key = |key| TlsConfig::new(authority.path("server.pem"), key);
    let without_authority = TlsConfig {
        client_certificates: ClientCertificates::Required,
        ..authority.config()
    };
    let expired = "expired.pem contains a certificate that is valid only";
    let no_key = "server.pem contains no usable private key";
    for (expected, tls) in [
        ("absent.pem", with_certificate("absent.pem")),
        (
            "empty.pem contains no certificate",
            with_certificate("empty.pem"),
        ),
        (expired, with_certificate("expired.pem")),
        (no_key, with_key(authority.path("server.pem"))),
        (
            "does not belong to the certificate",
            with_key(other.path("server.key")),
        ),
        ("client_certificates needs client_ca", without_authority),
    ] {
        let config = ListenerConfig {
            address: ([127, 0, 0, 1], 0).into(),
            tls: Some(tls),
            ..ListenerConfig::default()
        };
        let error = Listener::bind(&config).await.unwrap_err();
        assert!(matches!(error, ListenError::Tls(_)));
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_ends_sec_3() {
    let authority = Authority::new();
    let fixture = authority
        .start(|tls| tls.handshake_timeout = Timeout::from_millis(100))
        .await;
    let mut silent = RawClient::connect(fixture.address).await.unwrap();
    let mut slow = RawClient::connect(fixture.address).await.unwrap();
    slow.send([0x16, 0x03, 0x01]).await.unwrap();
    assert_ne!(silent.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_ne!(slow.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().handshake_timeouts, 2);
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_a_failed_handshake_sec_1() {
    let authority = Authority::new();
    let fixture = authority.start(|_| {}).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_ne!(client.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().handshake_failures, 1);
}

#[tokio::test]
async fn half_a_handshake_does_not_hold_up_a_stop_life_4() {
    let authority = Authority::new();
    let fixture = authority
        .start(|tls| tls.handshake_timeout = Timeout::from_secs(3600))
        .await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    // A record of a handshake with 256 bytes, of which one follows.
    client.send([22, 3, 1, 1, 0, 1]).await.unwrap();
    fixture
        .until(|fixture| fixture.server.stats().open == 1)
        .await;
    fixture.drained().await;
    assert_ne!(client.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
}

#[tokio::test]
async fn rejected_client_reads_complete_reason_sec_1_api_2() {
    let authority = Authority::new();
    let fixture = authority.start(|_| {}).await;
    for request in ["GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = authority.client().connect(&fixture).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        // Without the close_notify alert the end would be an error.
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
        assert!(response.contains(r#""request_id":"#), "{response}");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_does_not_hold_up_a_stop_life_4() {
    let authority = Authority::new();
    let fixture = start_with(|config| {
        config.tls = Some(authority.config());
        config.limits.response.stall_timeout = Timeout::from_millis(100);
    })
    .await;
    let mut stream = authority.client().connect(&fixture).await.unwrap();
    let request = b"GET /zeros/50000000 HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).await.unwrap();
    fixture.drained().await;
    assert_eq!(fixture.server.stats().write_stalls, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_without_end_is_an_error_that_names_it_sec_1() {
    let authority = Authority::new();
    let rejection = async |tls: TlsConfig| {
        let config = ListenerConfig {
            address: ([127, 0, 0, 1], 0).into(),
            tls: Some(tls),
            ..ListenerConfig::default()
        };
        let ListenError::Tls(error) = Listener::bind(&config).await.unwrap_err() else {
            unreachable!("the address is free");
        };
        error.to_string()
    };
    assert_eq!(
        rejection(TlsConfig::new("/dev/zero", authority.path("server.key"))).await,
        "the TLS file /dev/zero is not a regular file"
    );
    assert_eq!(
        rejection(TlsConfig::new(authority.path("server.pem"), "/dev/zero")).await,
        "the TLS file /dev/zero is not a regular file"
    );
    let large = authority.path("large.pem");
    fs::write(&large, vec![b'\n'; (1 << 20) + 1]).unwrap();
    assert_eq!(
        rejection(TlsConfig::new(&large, authority.path("server.key"))).await,
        format!(
            "the TLS file {} is larger than 1048576 bytes",
            large.display()
        )
    );
}
