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
async fn attempts_are_spaced_by_backoff_and_end_at_the_limit_with_the_reason_life_2() {
    let attempts = AtomicU32::new(0);
    let config = ConnectConfig::default();
    let begun = time::Instant::now();
    let error = connect(
        &"orders-database".into(),
        &config,
        Some(config.total),
        None,
        || async {
            attempts.fetch_add(1, Ordering::SeqCst);
            refused()
        },
    )
    .await
    .unwrap_err();
    assert!(begun.elapsed() <= Duration::from_secs(60));
    let attempts = attempts.load(Ordering::SeqCst);
    assert!((6..200).contains(&attempts), "{attempts}");
    assert!(
        error
            .to_string()
            .starts_with("orders-database could not be connected within"),
        "{error}"
    );
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "connection refused"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_is_cut_and_named_life_2() {
    let config = ConnectConfig {
        total: Timeout::from_secs(6),
        ..ConnectConfig::default()
    };
    let error = connect(
        &"broker".into(),
        &config,
        Some(config.total),
        None,
        std::future::pending::<Result<(), io::Error>>,
    )
    .await
    .unwrap_err();
    // What was left of the six seconds after an attempt of five and a pause.
    let told = error.to_string();
    let (_, limit) = told.rsplit_once("no answer within ").unwrap();
    assert!(limit.ends_with("ms"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn health_says_what_is_waited_for_until_it_is_there_life_2() {
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

#[tokio::test]
async fn the_return_of_a_dependency_is_noticed_long_before_the_backoff_ends_life_2() {
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    // The first pause would last an hour on average: only a knock can end it within the test.
    let config = ConnectConfig {
        initial: Timeout::from_secs(7_200),
        cap: Timeout::from_secs(7_200),
        knock: Timeout::from_millis(50),
        ..ConnectConfig::default()
    };
    let dependency = Dependency::new("database").at(address.to_string());
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
async fn a_server_that_answers_and_refuses_keeps_its_full_pauses_life_2() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dependency = Dependency::new("database").at(server.local_addr().unwrap().to_string());
    let config = ConnectConfig {
        initial: Timeout::from_secs(7_200),
        cap: Timeout::from_secs(7_200),
        knock: Timeout::from_millis(5),
        ..ConnectConfig::default()
    };
    let attempts = AtomicU32::new(0);
    let waiting = connect(&dependency, &config, None, None, || async {
        attempts.fetch_add(1, Ordering::SeqCst);
        refused()
    });
    let fifty_knocks = async {
        for _ in 0..50 {
            server.accept().await.unwrap();
        }
    };
    tokio::select! {
        _ = waiting => unreachable!("the attempts never succeed"),
        () = fifty_knocks => {}
    }
    assert!(
        attempts.load(Ordering::SeqCst) <= 2,
        "the first knock may cut one pause short, no other does"
    );
}

#[test]
fn an_optional_dependency_fails_fast_until_it_is_there_life_7() {
    let cache: Optional<u32> = Optional::new("cache".into());
    let error = cache.get().unwrap_err();
    assert_eq!(error.to_string(), "cache is not available at present");
    assert_eq!(Error::from(error).code(), Code::Unavailable);
    cache.clone().set(7);
    assert_eq!(cache.get(), Ok(&7));
}
