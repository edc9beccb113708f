//! SEC-3: limits on every listener. Slow clients are cut off while other clients are served.

use std::{net::Ipv6Addr, num::NonZeroU32, time::Duration};

use seaworthy_core::{ByteSize, Timeout};
use seaworthy_http::server::{Listener, ListenerConfig};
use seaworthy_testkit::raw::{RawClient, StreamEnd};

use crate::fixture::{TIMEOUT, start_limited, start_with};

const SHORT: Timeout = Timeout::from_millis(100);
const PAUSE: Duration = Duration::from_millis(10);

#[tokio::test]
async fn silent_connection_is_closed_sec_3() {
    let fixture = start_limited(|limits| limits.connections.first_byte_timeout = SHORT).await;
    let mut silent = RawClient::connect(fixture.address).await.unwrap();
    let mut half_preface = RawClient::connect(fixture.address).await.unwrap();
    half_preface.send("PRI * HT").await.unwrap();
    fixture.serves_others().await;
    assert_ne!(silent.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_ne!(half_preface.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().first_byte_timeouts, 2);
}

#[tokio::test]
async fn an_idle_connection_ends_sec_3() {
    let fixture = start_limited(|limits| limits.connections.idle_timeout = SHORT).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.statuses(), [200]);
    assert_eq!(received.end, StreamEnd::Closed);
    assert_eq!(fixture.server.stats().idle_timeouts, 1);
}

#[tokio::test]
async fn a_slow_body_is_a_408_sec_3_res_3() {
    let fixture = start_limited(|limits| limits.body.stall_timeout = SHORT).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10000\r\n\r\n")
        .await
        .unwrap();
    let sent = client.trickle([b'a'; 2000], PAUSE).await;
    assert!(sent < 2000);
    fixture.serves_others().await;
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.statuses(), [408]);
    assert_eq!(fixture.server.stats().body_timeouts, 1);
}

#[tokio::test]
async fn a_body_without_end_ends_sec_3() {
    let fixture = start_limited(|limits| limits.body.max_size = ByteSize::kibibytes(64)).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
    for _ in 0..20 {
        if client.send(&chunk).await.is_err() {
            break;
        }
    }
    fixture.serves_others().await;
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.statuses(), [413], "{received:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_sec_3() {
    let fixture = start_limited(|limits| limits.response.stall_timeout = SHORT).await;
    let mut client = RawClient::connect_with_receive_buffer(fixture.address, 4096)
        .await
        .unwrap();
    client
        .send("GET /zeros/50000000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    fixture
        .until(|fixture| fixture.server.stats().write_stalls == 1)
        .await;
    fixture.serves_others().await;
    let received = client.read_to_end(TIMEOUT).await;
    assert!(received.bytes.len() < 50_000_000);
}

#[tokio::test]
async fn a_slow_head_ends_however_it_is_spread_sec_3() {
    let fixture = start_limited(|limits| limits.head.timeout = SHORT).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "a".repeat(2000));
    let sent = client.trickle(&head, PAUSE).await;
    assert!(sent < head.len());
    fixture.serves_others().await;
    assert_eq!(fixture.server.stats().head_timeouts, 1);
}

#[tokio::test]
async fn a_slow_second_head_ends_as_the_first_does_sec_3() {
    let fixture = start_limited(|limits| limits.head.timeout = SHORT).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HT")
        .await
        .unwrap();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.statuses(), [200, 408]);
    assert_eq!(fixture.server.stats().head_timeouts, 1);
}

#[tokio::test]
async fn oversized_heads_are_rejected_sec_3() {
    let fixture = start_limited(|limits| {
        limits.head.max_size = ByteSize::kibibytes(8);
        limits.head.max_headers = 50;
        limits.head.max_uri_length = ByteSize::bytes(100);
    })
    .await;
    let long = "a".repeat(9000);
    let many = "x: y\r\n".repeat(60);
    for (head, status) in [
        (
            format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"),
            431,
        ),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n"), 431),
        (
            format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(200)),
            414,
        ),
        (
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n".to_owned(),
            413,
        ),
        (
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 18446744073709551616\r\n\r\n".to_owned(),
            413,
        ),
        (
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx".to_owned(),
            413,
        ),
        (format!("GET /{}", "a".repeat(200)), 414),
    ] {
        let mut client = RawClient::connect(fixture.address).await.unwrap();
        client.send(&head).await.unwrap();
        let received = client.read_to_end(TIMEOUT).await;
        assert_eq!(received.statuses(), [status], "{}", received.text());
        assert_eq!(received.end, StreamEnd::Closed);
    }
    fixture.serves_others().await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once_sec_3() {
    let fixture =
        start_limited(|limits| limits.connections.max_connections = NonZeroU32::MIN).await;
    let mut first = RawClient::connect(fixture.address).await.unwrap();
    first
        .send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    first.read_until("hello", TIMEOUT).await.unwrap();
    let mut second = RawClient::connect(fixture.address).await.unwrap();
    assert_ne!(second.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().rejected_full, 1);
    drop(first);
    fixture
        .until(|fixture| fixture.server.stats().open == 0)
        .await;
    fixture.serves_others().await;
}

#[tokio::test]
async fn one_client_has_no_more_than_its_share_sec_3() {
    let fixture =
        start_limited(|limits| limits.connections.max_connections_per_ip = Some(NonZeroU32::MIN))
            .await;
    let first = RawClient::connect(fixture.address).await.unwrap();
    let mut second = RawClient::connect(fixture.address).await.unwrap();
    assert_ne!(second.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().rejected_per_ip, 1);
    drop(first);
    fixture
        .until(|fixture| fixture.server.stats().open == 0)
        .await;
    fixture.serves_others().await;
}

#[tokio::test]
async fn old_connection_closes_with_its_next_response_sec_3() {
    let fixture = start_limited(|limits| limits.connections.max_age = SHORT).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    fixture
        .until(|fixture| fixture.server.stats().max_age == 1)
        .await;
    fixture.release.notify_one();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.statuses(), [200]);
    assert_eq!(received.end, StreamEnd::Closed);
    assert!(received.text().contains("connection: close"));
}

#[tokio::test]
async fn listens_on_ipv6_too() {
    let fixture = start_with(|config| config.address = (Ipv6Addr::LOCALHOST, 0).into()).await;
    fixture.serves_others().await;
}

#[tokio::test]
async fn a_limit_beyond_the_protocol_is_an_error_and_no_panic_sec_3() {
    let mut config = ListenerConfig::default();
    config.limits.http2.max_frame_size = ByteSize::kibibytes(1);
    let error = Listener::bind(&config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "limits.http2.max_frame_size is 1024, expected 16384 to 16777215"
    );
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let fixture = start_limited(|_| {}).await;
    let config = ListenerConfig {
        address: fixture.address,
        ..ListenerConfig::default()
    };
    let error = Listener::bind(&config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {}", fixture.address)
    );
}
