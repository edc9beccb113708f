//! SEC-3, LIFE-4: a peer that does not take its good-bye holds neither a connection nor a stop.

use seaworthy_core::Timeout;
use seaworthy_testkit::raw::RawClient;

use crate::fixture::{TIMEOUT, start_limited};

const SHORT: Timeout = Timeout::from_millis(100);
/// One is rejected by the guard in front of the parser, one behind it.
const REFUSED: [&str; 2] = ["GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"];
/// Preface, an empty settings frame and nothing more.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn a_rejected_client_that_stays_is_left_sec_3() {
    let fixture = start_limited(|limits| limits.connections.linger = SHORT).await;
    for (before, request) in (0..).zip(REFUSED) {
        let mut client = RawClient::connect(fixture.address).await.unwrap();
        client.send(request).await.unwrap();
        let left = fixture.until(|fixture| {
            let stats = fixture.server.stats();
            stats.accepted > before && stats.open == 0
        });
        tokio::time::timeout(TIMEOUT, left).await.unwrap();
    }
}

#[tokio::test]
async fn a_rejected_client_that_sends_on_is_cut_off_sec_3() {
    let fixture =
        start_limited(|limits| limits.connections.linger = Timeout::from_secs(3600)).await;
    for request in REFUSED {
        let mut client = RawClient::connect(fixture.address).await.unwrap();
        client.send(request).await.unwrap();
        let flood = async { while client.send([b'a'; 4096]).await.is_ok() {} };
        tokio::time::timeout(TIMEOUT, flood).await.unwrap();
    }
}

#[tokio::test]
async fn abort_does_not_wait_for_the_linger_life_4() {
    for request in REFUSED {
        let fixture =
            start_limited(|limits| limits.connections.linger = Timeout::from_secs(3600)).await;
        let mut client = RawClient::connect(fixture.address).await.unwrap();
        client.send(request).await.unwrap();
        client.read_until("request_id", TIMEOUT).await.unwrap();
        assert_eq!(fixture.server.stats().open, 1);
        fixture.server.abort();
        let finished = tokio::time::timeout(TIMEOUT, fixture.server.finished());
        finished.await.unwrap();
    }
}

#[tokio::test]
async fn http2_peer_without_acknowledgements_does_not_delay_stop_life_4() {
    let fixture = start_limited(|limits| {
        limits.connections.linger = SHORT;
        limits.http2.ping_interval = Timeout::from_secs(3600);
    })
    .await;
    let mut silent = RawClient::connect(fixture.address).await.unwrap();
    silent.send(HTTP2).await.unwrap();
    // The kind of the server's settings frame.
    silent.read_until("\x04\0", TIMEOUT).await.unwrap();
    fixture.drained().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_does_not_hold_up_a_stop_life_4() {
    let fixture = start_limited(|limits| {
        limits.connections.linger = SHORT;
        limits.response.stall_timeout = SHORT;
    })
    .await;
    let mut client = RawClient::connect_with_receive_buffer(fixture.address, 4096)
        .await
        .unwrap();
    // The rejected request behind the large response is never reached.
    let request = "GET /zeros/50000000 HTTP/1.1\r\nhost: a\r\n\r\nGET\r\n\r\n";
    client.send(request).await.unwrap();
    fixture
        .until(|fixture| {
            let connections = fixture.server.connections();
            connections
                .iter()
                .any(|connection| connection.requests == 1)
        })
        .await;
    fixture.drained().await;
    assert_eq!(fixture.server.stats().write_stalls, 1);
}
