//! SEC-3: requests that two servers could read differently are rejected, and so are those for no
//! host or two.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests, and these share one"
)]

use std::time::{Duration, Instant};

use seaworthy_core::Timeout;
use seaworthy_http::server::ListenerConfig;
use seaworthy_testkit::raw::{RawClient, StreamEnd};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::fixture::{Fixture, TIMEOUT, start, start_limited};

async fn statuses(fixture: &Fixture, request: impl AsRef<[u8]>) -> Vec<u16> {
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client.send(request).await.unwrap();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.end, StreamEnd::Closed, "{}", received.text());
    received.statuses()
}

#[tokio::test]
async fn a_request_names_exactly_one_host_sec_3() {
    let fixture = start().await;
    for (head, expected) in [
        (
            "GET / HTTP/1.1\r\nconnection: close\r\nhost: a\r\n\r\n",
            200,
        ),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ] {
        assert_eq!(statuses(&fixture, head).await, [expected], "{head:?}");
    }
}

#[tokio::test]
async fn smuggling_is_rejected_sec_3() {
    let fixture = start().await;
    let hidden = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    for request in [
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na{hidden}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na{hidden}"
        ),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\na{hidden}"),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!("GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n{hidden}"),
        format!("GET / HTTP/1.1\nhost: a\n\n{hidden}"),
        format!("GET / HTTP/1.1\r\nhost: a\r\n\n{hidden}"),
        format!("GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n{hidden}"),
        format!("GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n{hidden}"),
        format!("GET /a b HTTP/1.1\r\nhost: a\r\n\r\n{hidden}"),
        format!("GET / HTTP/1.1\r\nhost: a\r\n: y\r\n\r\n{hidden}"),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1;{}\r\nx\r\n0\r\n\r\n{hidden}",
            "e".repeat(300)
        ),
    ] {
        assert_eq!(statuses(&fixture, &request).await, [400], "{request:?}");
    }
}

#[tokio::test]
async fn smuggling_after_a_valid_request_is_rejected_sec_3() {
    let fixture = start().await;
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nokPOST /echo HTTP/1.1\r\nhost: a\r\n\
        content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(statuses(&fixture, request).await, [200, 400]);
    assert_eq!(fixture.server.stats().malformed, 1);
}

#[tokio::test]
async fn a_malformed_head_is_rejected_before_it_is_complete_sec_3() {
    let fixture = start().await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client.send("GET / HTTP/1.1\r\nho").await.unwrap();
    client.send("st: a\n").await.unwrap();
    assert_eq!(client.read_to_end(TIMEOUT).await.statuses(), [400]);
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_reach_the_service_as_they_are_sec_3() {
    let fixture = start().await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-name: \xff\xfe\x80\r\n\r\n";
    assert_eq!(statuses(&fixture, request).await, [200]);
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nx-\xffname: a\r\n\r\n";
    assert_eq!(statuses(&fixture, request).await, [400]);
    let request = b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_ne!(statuses(&fixture, request).await, [500]);
}

#[tokio::test]
async fn pipelined_and_chunked_requests_get_responses_in_order() {
    let fixture = start().await;
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\na\nb\r\n0\r\n\r\n\
        GET / HTTP/1.1\r\nhost: a\r\n\r\n\
        POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\n\n\n\n\n";
    assert_eq!(statuses(&fixture, request).await, [200, 200, 200]);
    assert_eq!(fixture.server.stats().malformed, 0);
}

async fn half_closed(fixture: &Fixture, request: &str) -> TcpStream {
    let client = RawClient::connect(fixture.address).await.unwrap();
    let mut stream = client.into_stream();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    stream
}

#[tokio::test]
async fn half_closed_client_gets_response_life_6() {
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = Timeout::from_secs(60);
    })
    .await;
    let mut client = half_closed(&fixture, "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut text = String::new();
    let waited = timeout(Duration::from_millis(300), client.read_to_string(&mut text));
    assert!(waited.await.is_err(), "{text}");
    fixture.release.notify_one();
    let read = timeout(TIMEOUT, client.read_to_string(&mut text)).await;
    read.unwrap().unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.ends_with("waited"), "{text}");

    let request = "GET /zeros/3000000 HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut client = half_closed(&fixture, request).await;
    let mut bytes = Vec::new();
    let read = timeout(TIMEOUT, client.read_to_end(&mut bytes)).await;
    read.unwrap().unwrap();
    assert!(bytes.len() > 3_000_000, "{}", bytes.len());
}

/// A timeout that ends long before the response.
const SHORT_HALF_CLOSE: Timeout = Timeout::from_millis(20);
/// Many times `SHORT_HALF_CLOSE`.
const LONG_WAIT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn half_closed_client_gets_response_by_default_life_6() {
    let default = ListenerConfig::default().limits.connections;
    assert_eq!(default.half_close_timeout, Timeout::from_millis(500));
    let fixture = start().await;
    let client = half_closed(&fixture, "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    respond_after_probes(&fixture, client, 1).await;
}

#[tokio::test]
async fn half_closed_client_gets_response_after_timeout_life_6() {
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = SHORT_HALF_CLOSE;
    })
    .await;
    let mut client = half_closed(&fixture, "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // The first one at half of the timeout, the last one at four times the timeout.
    read_probes(&mut client, 4).await;
    let mut byte = [0];
    let waited = timeout(LONG_WAIT, client.read(&mut byte)).await;
    assert!(waited.is_err(), "{waited:?}");
    respond_after_probes(&fixture, client, 0).await;
}

#[tokio::test]
async fn client_that_leaves_after_probe_cancels_request_life_6() {
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = Timeout::from_millis(200);
    })
    .await;
    let mut client = half_closed(&fixture, "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    read_probes(&mut client, 2).await;
    drop(client);
    // The handler would wait forever.
    fixture
        .until(|fixture| fixture.server.connections().is_empty())
        .await;
}

const PROBE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

async fn read_probes(client: &mut TcpStream, count: usize) {
    let mut probes = vec![0; PROBE.len() * count];
    let read = timeout(TIMEOUT, client.read_exact(&mut probes)).await;
    read.unwrap().unwrap();
    assert_eq!(String::from_utf8(probes).unwrap(), PROBE.repeat(count));
}

/// Ends the request after a number of probes and reads its response. Further ones may come first.
async fn respond_after_probes(fixture: &Fixture, mut client: TcpStream, count: usize) {
    read_probes(&mut client, count).await;
    fixture.release.notify_one();
    let mut text = String::new();
    let read = timeout(TIMEOUT, client.read_to_string(&mut text)).await;
    read.unwrap().unwrap();
    let text = text.replace(PROBE, "");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.ends_with("waited"), "{text}");
}

#[tokio::test]
async fn half_closed_slow_reader_gets_whole_response_life_6() {
    const SIZE: usize = 40_000_000;
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = SHORT_HALF_CLOSE;
    })
    .await;
    let request = format!("GET /zeros/{SIZE} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut client = half_closed(&fixture, &request).await;
    let mut bytes = vec![0; 1024];
    let read = timeout(TIMEOUT, client.read_exact(&mut bytes)).await;
    read.unwrap().unwrap();
    tokio::time::sleep(LONG_WAIT).await;
    let read = timeout(TIMEOUT, client.read_to_end(&mut bytes)).await;
    read.unwrap().unwrap();
    assert!(bytes.len() > SIZE, "{}", bytes.len());
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn half_close_of_http_1_0_cancels_request_life_6() {
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = SHORT_HALF_CLOSE;
    })
    .await;
    let mut client = half_closed(&fixture, "GET /wait HTTP/1.0\r\nhost: a\r\n\r\n").await;
    let mut text = String::new();
    let read = timeout(TIMEOUT, client.read_to_string(&mut text)).await;
    read.unwrap().unwrap();
    assert_eq!(text, "");

    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = Timeout::from_secs(60);
    })
    .await;
    let mut client = half_closed(&fixture, "GET /wait HTTP/1.0\r\nhost: a\r\n\r\n").await;
    fixture.release.notify_one();
    let read = timeout(TIMEOUT, client.read_to_string(&mut text)).await;
    read.unwrap().unwrap();
    assert!(text.starts_with("HTTP/1.0 200"), "{text}");
}

#[tokio::test]
async fn half_close_cancels_response_without_bytes_life_6() {
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = SHORT_HALF_CLOSE;
    })
    .await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET /silence HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    client.read_until("\r\n\r\n", TIMEOUT).await.unwrap();
    let mut client = client.into_stream();
    client.shutdown().await.unwrap();
    // The body would never end.
    let mut bytes = Vec::new();
    let ended = timeout(TIMEOUT, client.read_to_end(&mut bytes)).await;
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn request_of_closed_client_is_cancelled_after_timeout_life_6() {
    let fixture = start().await;
    let half_closed_at = Instant::now();
    let client = half_closed(&fixture, "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    fixture
        .until(|fixture| !fixture.server.connections().is_empty())
        .await;
    drop(client);
    // The handler would wait forever.
    fixture
        .until(|fixture| fixture.server.connections().is_empty())
        .await;
    let default = ListenerConfig::default().limits.connections;
    let waited = half_closed_at.elapsed();
    assert!(waited >= default.half_close_timeout.get() / 2, "{waited:?}");
    // A client that closes within a request has nothing to wait for.
    let fixture = start_limited(|limits| {
        limits.connections.half_close_timeout = Timeout::from_secs(60);
    })
    .await;
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
    let mut client = half_closed(&fixture, request).await;
    let mut bytes = Vec::new();
    let ended = timeout(TIMEOUT, client.read_to_end(&mut bytes)).await;
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn an_upgraded_connection_counts_until_it_ends_life_4() {
    let fixture = start().await;
    let head = "GET /upgrade HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client.send(head).await.unwrap();
    client.read_until("101", TIMEOUT).await.unwrap();
    client.send("\n\0not http\n").await.unwrap();
    client.read_until("not http", TIMEOUT).await.unwrap();
    fixture.server.drain();
    assert_eq!(fixture.server.connections().len(), 1);
    fixture.server.abort();
    tokio::time::timeout(TIMEOUT, fixture.server.finished())
        .await
        .unwrap();
    assert_ne!(client.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
}

#[tokio::test]
async fn a_rejected_upgrade_ends_the_connection_sec_3() {
    let fixture = start().await;
    let head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n\
        GET / HTTP/1.1\nhost: a\n\n";
    assert_eq!(statuses(&fixture, head).await, [200]);
}
