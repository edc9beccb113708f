//! LIFE-4: a stop loses no request.

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_testkit::raw::{RawClient, StreamEnd};

use crate::fixture::{TIMEOUT, start, start_limited};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn responds_on_kept_alive_connection() {
    let fixture = start().await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    for _ in 0..3 {
        client.send(GET).await.unwrap();
        client.read_until("hello", TIMEOUT).await.unwrap();
    }
    let connections = fixture.server.connections();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].requests, 3);
}

#[tokio::test]
async fn finishes_the_request_in_flight_life_4() {
    let fixture = start().await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    fixture.in_flight(1).await;
    fixture.server.drain();
    fixture.release.notify_one();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.end, StreamEnd::Closed);
    assert!(
        received.text().contains("connection: close"),
        "{}",
        received.text()
    );
    assert!(received.text().ends_with("waited"));
    fixture.drained().await;
}

#[tokio::test]
async fn responds_to_request_that_crosses_stop_life_4() {
    let fixture = start().await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client.send(GET).await.unwrap();
    client.read_until("hello", TIMEOUT).await.unwrap();
    fixture.in_flight(0).await;
    fixture.server.drain();
    client.send(GET).await.unwrap();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.end, StreamEnd::Closed);
    assert_eq!(received.statuses(), [200]);
    assert!(received.text().contains("connection: close"));
    fixture.drained().await;
}

#[tokio::test]
async fn a_head_without_end_does_not_hold_up_a_stop_life_4() {
    let fixture = start_limited(|limits| limits.head.timeout = Timeout::from_secs(3600)).await;
    let mut first = RawClient::connect(fixture.address).await.unwrap();
    first.send("GET / HT").await.unwrap();
    let mut second = RawClient::connect(fixture.address).await.unwrap();
    second.send(format!("{GET}GET / HT")).await.unwrap();
    second.read_until("hello", TIMEOUT).await.unwrap();
    fixture.in_flight(0).await;
    fixture.drained().await;
    for mut client in [first, second] {
        let received = client.read_to_end(TIMEOUT).await;
        assert_eq!(received.statuses(), [408], "{}", received.text());
        assert_eq!(received.end, StreamEnd::Closed);
    }
}

#[tokio::test]
async fn a_begun_head_never_cuts_off_the_request_before_it_life_4() {
    let fixture = start_limited(|limits| limits.connections.linger = Timeout::from_millis(1)).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\nGET / HT")
        .await
        .unwrap();
    fixture.in_flight(1).await;
    fixture.server.drain();
    tokio::time::timeout(Duration::from_millis(100), fixture.server.finished())
        .await
        .unwrap_err();
    fixture.release.notify_one();
    let received = client.read_to_end(TIMEOUT).await;
    assert!(received.text().ends_with("waited"), "{}", received.text());
    fixture.drained().await;
}

#[tokio::test]
async fn stop_serves_connections_in_the_backlog_life_4() {
    let fixture = start().await;
    let mut clients = Vec::new();
    for _ in 0..32 {
        let mut client = RawClient::connect(fixture.address).await.unwrap();
        client.send(GET).await.unwrap();
        clients.push(client);
    }
    fixture.server.drain();
    for mut client in clients {
        let received = client.read_to_end(TIMEOUT).await;
        assert_eq!(received.statuses(), [200]);
        assert_eq!(received.end, StreamEnd::Closed);
    }
    fixture.drained().await;
    assert!(RawClient::connect(fixture.address).await.is_err());
}

#[tokio::test]
async fn new_clients_are_served_while_idle_connections_drain_life_4() {
    let linger = Timeout::from_secs(3600);
    let fixture = start_limited(|limits| limits.connections.linger = linger).await;
    let mut idle = RawClient::connect(fixture.address).await.unwrap();
    idle.send(GET).await.unwrap();
    idle.read_until("hello", TIMEOUT).await.unwrap();
    fixture.in_flight(0).await;
    fixture.server.drain();
    for _ in 0..3 {
        let mut new = RawClient::connect(fixture.address).await.unwrap();
        new.send(GET).await.unwrap();
        let received = new.read_to_end(TIMEOUT).await;
        assert_eq!(received.statuses(), [200]);
        assert!(received.text().contains("connection: close"));
    }
    drop(idle);
    fixture.drained().await;
    assert!(RawClient::connect(fixture.address).await.is_err());
}

#[tokio::test]
async fn stop_accepting_keeps_open_connections_life_4() {
    let fixture = start().await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client.send(GET).await.unwrap();
    client.read_until("hello", TIMEOUT).await.unwrap();
    fixture.server.stop_accepting();
    while RawClient::connect(fixture.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.send(GET).await.unwrap();
    client.read_until("hello", TIMEOUT).await.unwrap();
    fixture.drained().await;
}

#[tokio::test]
async fn abort_ends_endless_task_life_4() {
    let fixture = start().await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    client
        .send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    fixture.in_flight(1).await;
    fixture.server.drain();
    let still = fixture.server.connections();
    assert_eq!(still[0].in_flight, 1);
    fixture.server.abort();
    tokio::time::timeout(TIMEOUT, fixture.server.finished())
        .await
        .unwrap();
    assert_eq!(client.read_to_end(TIMEOUT).await.bytes, b"");
}

/// Sends requests over one connection until a response announces its end. Returns the number of
/// responses.
async fn hammer(address: std::net::SocketAddr) -> std::io::Result<u32> {
    let mut client = RawClient::connect(address).await?;
    let mut responses = 0;
    loop {
        client.send(GET).await?;
        let response = client.read_until("hello", TIMEOUT).await?;
        responses += 1;
        if String::from_utf8_lossy(&response).contains("connection: close") {
            return Ok(responses);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loses_no_request_under_full_load_life_4() {
    for _ in 0..5 {
        let fixture = start().await;
        let clients: Vec<_> = (0..64)
            .map(|_| tokio::spawn(hammer(fixture.address)))
            .collect();
        fixture
            .until(|fixture| {
                let connections = fixture.server.connections();
                connections.len() == 64 && connections.iter().all(|one| one.requests > 10)
            })
            .await;
        fixture.drained().await;
        for client in clients {
            let responses = client.await.unwrap();
            assert!(responses.is_ok_and(|count| count > 10));
        }
    }
}
