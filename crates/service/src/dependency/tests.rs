use std::{
    io,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use seaworthy_core::{Code, Error, Timeout};
use seaworthy_health::{Health, HealthConfig};
use tokio::{net::TcpListener, time};

use super::*;

fn refused() -> Result<(), io::Error> {
    Err(io::Error::new(
        io::ErrorKind::ConnectionRefused,
        "connection refused",
    ))
}

#[tokio::test(start_paused = true)]
async fn attempts_back_off_until_total_timeout_life_2() {
    let attempts = AtomicU32::new(0);
    let config = ConnectConfig::default();
    let started = time::Instant::now();
    let error = connect(
        &"orders-database".into(),
        &config,
        Some(config.total_timeout),
        None,
        || async {
            attempts.fetch_add(1, Ordering::SeqCst);
            refused()
        },
    )
    .await
    .unwrap_err();
    assert!(started.elapsed() <= Duration::from_secs(60));
    let attempts = attempts.load(Ordering::SeqCst);
    assert!((6..200).contains(&attempts), "{attempts}");
    assert!(
        error
            .to_string()
            .starts_with("orders-database did not accept a connection within"),
        "{error}"
    );
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "connection refused"
    );
}

#[tokio::test(start_paused = true)]
async fn hanging_attempt_times_out_life_2() {
    let config = ConnectConfig {
        total_timeout: Timeout::from_secs(6),
        ..ConnectConfig::default()
    };
    let error = connect(
        &"broker".into(),
        &config,
        Some(config.total_timeout),
        None,
        std::future::pending::<Result<(), io::Error>>,
    )
    .await
    .unwrap_err();
    // The total timeout is six seconds, of which an attempt of five and a backoff leave a rest.
    let text = error.to_string();
    let (_, timeout) = text.rsplit_once("timed out after ").unwrap();
    assert!(timeout.ends_with("ms"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn health_names_missing_dependency_life_2() {
    let health = Health::new(HealthConfig::default());
    let attempts = AtomicU32::new(0);
    let connected = connect(
        &"broker".into(),
        &ConnectConfig::default(),
        None,
        Some(&health),
        || async {
            assert_eq!(health.report().waiting_for, ["broker"]);
            if attempts.fetch_add(1, Ordering::SeqCst) < 5 {
                Err("not yet")
            } else {
                Ok(7)
            }
        },
    )
    .await;
    assert_eq!(connected.unwrap(), 7);
    assert!(health.report().waiting_for.is_empty());
}

#[test]
fn recovery_is_noticed_within_a_second_life_2() {
    assert!(ConnectConfig::default().probe_interval <= Timeout::from_secs(1));
}

#[tokio::test]
async fn reachable_address_ends_backoff_early_life_2() {
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    // The first backoff would last an hour on average: only a probe can end it within the test.
    let config = ConnectConfig {
        initial_backoff: Timeout::from_secs(7_200),
        max_backoff: Timeout::from_secs(7_200),
        probe_interval: Timeout::from_millis(50),
        ..ConnectConfig::default()
    };
    let dependency = Dependency::new("database").with_address(address.to_string());
    let (tried, mut first_attempt) = tokio::sync::mpsc::unbounded_channel();
    let waiting = tokio::spawn(async move {
        connect(&dependency, &config, None, None, || {
            let _ = tried.send(());
            tokio::net::TcpStream::connect(address)
        })
        .await
    });
    first_attempt.recv().await.unwrap();
    let _server = TcpListener::bind(address).await.unwrap();
    time::timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn refusing_server_keeps_full_backoff_life_2() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dependency =
        Dependency::new("database").with_address(server.local_addr().unwrap().to_string());
    let config = ConnectConfig {
        initial_backoff: Timeout::from_secs(7_200),
        max_backoff: Timeout::from_secs(7_200),
        probe_interval: Timeout::from_millis(5),
        ..ConnectConfig::default()
    };
    let attempts = AtomicU32::new(0);
    let waiting = connect(&dependency, &config, None, None, || async {
        attempts.fetch_add(1, Ordering::SeqCst);
        refused()
    });
    let fifty_probes = async {
        for _ in 0..50 {
            server.accept().await.unwrap();
        }
    };
    tokio::select! {
        _ = waiting => unreachable!("the attempts never succeed"),
        () = fifty_probes => {}
    }
    assert!(
        attempts.load(Ordering::SeqCst) <= 2,
        "only the first probe may end a backoff early"
    );
}

#[test]
fn optional_dependency_fails_fast_until_connected_life_7() {
    let cache: Optional<u32> = Optional::new("cache".into());
    let error = cache.get().unwrap_err();
    assert_eq!(error.to_string(), "cache is not connected");
    assert_eq!(Error::from(error).code(), Code::Unavailable);
    cache.clone().set(7);
    assert_eq!(cache.get(), Ok(&7));
}
