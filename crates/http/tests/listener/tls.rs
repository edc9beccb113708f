//! SEC-1: TLS 1.2 or newer, client certificates, new files without a restart.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests, and these share several"
)]

mod authority;
mod files;

use std::time::Duration;

use rcgen::{CertificateParams, DnType, SanType};
use rustls::version::TLS12;
use seaworthy_core::Timeout;
use seaworthy_http::tls::{ClientCertificates, TlsVersion};
use seaworthy_testkit::raw::{RawClient, StreamEnd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixture::{TIMEOUT, start_with};
use authority::Authority;

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
        config.limits.connections.half_close_timeout = Timeout::from_millis(20);
    })
    .await;
    let mut client = authority.client().connect(&fixture).await.unwrap();
    let request = b"GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    // Sends `close_notify` and a FIN.
    client.shutdown().await.unwrap();
    let probe = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut interim = vec![0; probe.len()];
    let read = tokio::time::timeout(TIMEOUT, client.read_exact(&mut interim)).await;
    read.unwrap().unwrap();
    assert_eq!(interim, probe);
    let mut response = String::new();
    let read = client.read_to_string(&mut response);
    let early = tokio::time::timeout(Duration::from_millis(300), read).await;
    assert!(early.is_err(), "{response}");
    fixture.release.notify_one();
    let read = tokio::time::timeout(TIMEOUT, client.read_to_string(&mut response)).await;
    read.unwrap().unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(response.ends_with("waited"), "{response}");
}

#[tokio::test]
async fn request_of_disconnected_tls_client_is_cancelled_life_6() {
    let authority = Authority::new();
    let fixture = start_with(|config| {
        config.tls = Some(authority.config());
        config.limits.connections.half_close_timeout = Timeout::from_millis(20);
    })
    .await;
    let mut client = authority.client().connect(&fixture).await.unwrap();
    let request = b"GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    client.shutdown().await.unwrap();
    drop(client);
    // The handler would wait forever.
    fixture
        .until(|fixture| fixture.server.connections().is_empty())
        .await;
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
    let other_authority = Authority::new();
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
        foreign.identity = Some(other_authority.issue(&params));
        assert!(foreign.peer(&fixture).await.is_err());

        let anonymous = authority.client().peer(&fixture).await;
        assert_eq!(anonymous.ok().as_deref(), without);
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
