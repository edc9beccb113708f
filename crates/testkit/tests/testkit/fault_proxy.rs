//! Each fault of the proxy has its effect on real connections.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test fails it")]

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Longer than anything here takes, shorter than a test may hang.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Long enough to say that nothing comes.
const SILENCE: Duration = Duration::from_millis(150);

/// A server that sends back what it gets, and a proxy before it.
async fn echo() -> FaultProxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.into_split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    FaultProxy::start(address).await.unwrap()
}

async fn connected(proxy: &FaultProxy) -> TcpStream {
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut client, b"hello").await.unwrap(), b"hello");
    client
}

async fn exchange(client: &mut TcpStream, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    client.write_all(bytes).await?;
    let mut received = vec![0; bytes.len()];
    match timeout(TIMEOUT, client.read_exact(&mut received)).await {
        Ok(result) => result.map(|_| received),
        Err(_) => Err(ErrorKind::TimedOut.into()),
    }
}

#[tokio::test]
async fn without_a_fault_bytes_pass_unchanged_and_the_end_too() {
    let proxy = echo().await;
    let mut client = connected(&proxy).await;
    let sent: Vec<u8> = (0..1_000_000_u32)
        .map(|number| number.to_le_bytes()[0])
        .collect();
    let (mut read, mut write) = client.split();
    let mut received = Vec::new();
    let sending = async {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let both = async { tokio::join!(sending, read.read_to_end(&mut received)) };
    timeout(TIMEOUT, both).await.unwrap().1.unwrap();
    assert!(received == sent);
}

#[tokio::test]
async fn latency_and_jitter_delay_each_way_and_keep_the_order() {
    let proxy = echo().await;
    let mut client = connected(&proxy).await;
    proxy.set(Fault {
        latency: Duration::from_millis(30),
        jitter: Duration::from_millis(10),
        ..Fault::none()
    });
    let began = Instant::now();
    let sent: Vec<u8> = (0..=255).collect();
    assert_eq!(exchange(&mut client, &sent).await.unwrap(), sent);
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn bandwidth_bounds_bytes_a_second() {
    let proxy = echo().await;
    let mut client = connected(&proxy).await;
    proxy.set(Fault {
        bandwidth: Some(100_000),
        slice: Some(1_000),
        ..Fault::none()
    });
    let began = Instant::now();
    let sent = vec![7; 20_000];
    assert_eq!(exchange(&mut client, &sent).await.unwrap(), sent);
    assert!(
        began.elapsed() >= Duration::from_millis(200),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_reset_is_felt_as_one() {
    let proxy = echo().await;
    let mut client = connected(&proxy).await;
    proxy.set(Fault::of(Disruption::Reset));
    let error = exchange(&mut client, b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn down_resets_open_and_new_connections_until_healed() {
    let proxy = echo().await;
    let mut client = connected(&proxy).await;
    proxy.set(Fault::of(Disruption::Down));
    let mut byte = [0];
    let ended = timeout(TIMEOUT, client.read(&mut byte)).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
    let refused = match TcpStream::connect(proxy.address()).await {
        Ok(mut client) => exchange(&mut client, b"x").await.is_err(),
        Err(_) => true,
    };
    assert!(refused);
    proxy.heal();
    connected(&proxy).await;
}

#[tokio::test]
async fn a_black_hole_accepts_and_never_answers() {
    let proxy = echo().await;
    proxy.set(Fault::of(Disruption::Blackhole));
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    client.write_all(b"x").await.unwrap();
    let mut byte = [0];
    assert!(timeout(SILENCE, client.read(&mut byte)).await.is_err());
}

#[tokio::test]
async fn half_open_delivers_one_direction_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap())
        .await
        .unwrap();
    proxy.set(Fault::of(Disruption::HalfOpen));
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let mut byte = [0];
    client.write_all(b"x").await.unwrap();
    timeout(TIMEOUT, server.read_exact(&mut byte))
        .await
        .unwrap()
        .unwrap();
    server.write_all(b"y").await.unwrap();
    assert!(timeout(SILENCE, client.read(&mut byte)).await.is_err());
}

#[tokio::test]
async fn slices_arrive_one_by_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap())
        .await
        .unwrap();
    proxy.set(Fault {
        slice: Some(1),
        bandwidth: Some(500),
        ..Fault::none()
    });
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    client.write_all(b"0123456789").await.unwrap();
    let mut buffer = [0; 10];
    let first = timeout(TIMEOUT, server.read(&mut buffer))
        .await
        .unwrap()
        .unwrap();
    assert!(first < 10, "{first} bytes at once");
    timeout(TIMEOUT, server.read_exact(&mut buffer[first..]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&buffer, b"0123456789");
    assert_eq!(proxy.connections(), 1);
}
