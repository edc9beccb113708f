//! The connection against real servers: alone, under Sentinel, as a cluster, and when they go.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::time::{Duration, Instant};

use seaworthy_redis::{Redis, RedisConfig, RedisError, redis::cmd};
use seaworthy_testkit::{
    fault::{Fault, FaultProxy},
    redis::{RedisCluster, RedisSentinel, RedisServer},
    requirement::required,
};

/// Nothing that these tests wait for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn at(url: &str) -> Redis {
    let config = RedisConfig {
        url: url.parse().unwrap(),
        ..RedisConfig::default()
    };
    Redis::new(&config).unwrap()
}

/// Asks again and again until it answers.
async fn until_it_answers(redis: &Redis) {
    let end = Instant::now() + PATIENCE;
    while let Err(error) = set(redis, "again").await {
        assert!(Instant::now() < end, "{error}");
        tokio::task::yield_now().await;
    }
}

async fn set(redis: &Redis, value: &str) -> Result<(), RedisError> {
    redis.ask(cmd("SET").arg("key").arg(value)).await
}

async fn get(redis: &Redis) -> Result<Option<String>, RedisError> {
    redis.ask(cmd("GET").arg("key")).await
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_is_used_again_without_a_restart_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut server = RedisServer::start(program).unwrap();
    let redis = at(&server.url());
    set(&redis, "one").await.unwrap();
    assert_eq!(get(&redis).await.unwrap().as_deref(), Some("one"));
    redis.check().await.unwrap();
    server.kill();
    assert!(get(&redis).await.unwrap_err().is_outage());
    assert!(get(&redis).await.unwrap_err().is_outage());
    server.restart().unwrap();
    until_it_answers(&redis).await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_its_timeout_and_no_more_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let redis = at(&server.url());
    set(&redis, "one").await.unwrap();
    server.freeze();
    for _ in 0..2 {
        let asked = Instant::now();
        let error = get(&redis).await.unwrap_err();
        assert!(matches!(error, RedisError::Late), "{error}");
        // Twice the 200 ms: an old connection and a new one are each given theirs at most.
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );
    }
    server.resume();
    until_it_answers(&redis).await;
}

#[tokio::test]
async fn what_redis_refuses_is_told_apart_from_an_outage_and_shows_no_address_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start_with(
        program,
        &["--save", "", "--requirepass", "a-password-of-the-test"],
    )
    .unwrap();
    let redis = at(&server.url());
    let error = set(&redis, "one").await.unwrap_err();
    assert!(!error.is_outage(), "{error:?}");
    let address = server.address();
    let redis = at(&format!("redis://:a-password-of-the-test@{address}"));
    set(&redis, "one").await.unwrap();
    let error = redis
        .ask::<()>(cmd("LPUSH").arg("key").arg("x"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, RedisError::Refused { code, .. } if code == "WRONGTYPE"),
        "{error:?}"
    );
    let redis = at(&format!("redis://:a-wrong-password@{address}"));
    let told = format!("{:?}", set(&redis, "one").await.unwrap_err());
    assert!(
        !told.contains("a-wrong-password") && !told.contains("127.0.0.1"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_master_is_found_when_sentinel_has_chosen_one_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut servers = RedisSentinel::start(program).unwrap();
    let redis = at(&servers.url());
    until_it_answers(&redis).await;
    set(&redis, "one").await.unwrap();
    servers.kill_master();
    assert!(get(&redis).await.unwrap_err().is_outage());
    until_it_answers(&redis).await;
    assert_eq!(get(&redis).await.unwrap().as_deref(), Some("again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_used_by_the_slots_of_its_keys_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let cluster = RedisCluster::start(program).unwrap();
    let redis = at(&cluster.url());
    until_it_answers(&redis).await;
    redis.check().await.unwrap();
    for number in 0..100 {
        redis
            .ask::<()>(cmd("SET").arg(format!("key-{number}")).arg(number))
            .await
            .unwrap();
    }
    for number in 0..100 {
        let found: i32 = redis
            .ask(cmd("GET").arg(format!("key-{number}")))
            .await
            .unwrap();
        assert_eq!(found, number);
    }
}

#[tokio::test]
async fn a_connection_that_takes_longer_to_make_than_its_caller_waits_is_made_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let servers = RedisSentinel::start(program).unwrap();
    let url = servers.url();
    let (_, sentinel) = url.split_once("://").unwrap();
    let (sentinel, _) = sentinel.split_once('/').unwrap();
    let proxy = FaultProxy::start(sentinel.parse().unwrap()).await.unwrap();
    // Each step is well within the timeout of 200 ms, and all of them together are not.
    proxy.set(Fault {
        latency: Duration::from_millis(120),
        ..Fault::none()
    });
    let redis = at(&url.replace(sentinel, &proxy.address().to_string()));
    let asked = Instant::now();
    let error = set(&redis, "one").await.unwrap_err();
    assert!(matches!(error, RedisError::Late), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(1));
    let callers = (0..50).map(|_| {
        let redis = redis.clone();
        tokio::spawn(async move { until_it_answers(&redis).await })
    });
    for caller in Vec::from_iter(callers) {
        caller.await.unwrap();
    }
    assert!(
        proxy.connections() <= 2,
        "{} connections were begun",
        proxy.connections()
    );
}
