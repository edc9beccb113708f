//! The connection to real servers: single, under Sentinel and in a cluster, and their failures.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod rotation;

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_redis::{
    Redis, RedisConfig, RedisError, RedisUrl,
    redis::{Script, cmd},
};
use seaworthy_testkit::{
    fault::{Fault, FaultProxy},
    redis::{RedisCluster, RedisSentinel, RedisServer},
    requirement::required,
};
use tokio::time;

/// Longer than any awaited event takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(60);

fn at(url: &str) -> Redis {
    within(url, RedisConfig::default().timeout)
}

fn within(url: &str, timeout: Timeout) -> Redis {
    let config = RedisConfig {
        url: url.parse().unwrap(),
        timeout,
        ..RedisConfig::default()
    };
    Redis::new(&config).unwrap()
}

/// Waits until Redis responds.
async fn wait_until_available(redis: &Redis) {
    let end = Instant::now() + TIMEOUT;
    while let Err(error) = set(redis, "again").await {
        assert!(Instant::now() < end, "{error}");
        tokio::task::yield_now().await;
    }
}

async fn set(redis: &Redis, value: &str) -> Result<(), RedisError> {
    redis.request(cmd("SET").arg("key").arg(value)).await
}

async fn get(redis: &Redis) -> Result<Option<String>, RedisError> {
    redis.request(cmd("GET").arg("key")).await
}

#[tokio::test]
async fn reconnects_to_restarted_server_data_5() {
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
    wait_until_available(&redis).await;
}

#[tokio::test]
async fn frozen_server_costs_only_the_timeout_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let redis = at(&server.url());
    set(&redis, "one").await.unwrap();
    server.freeze();
    // The clock stops while the client works and advances to its next timeout, so a busy machine
    // does not affect the result.
    time::pause();
    let timeout = RedisConfig::default().timeout.get();
    for _ in 0..2 {
        let asked = time::Instant::now();
        let error = get(&redis).await.unwrap_err();
        assert!(matches!(error, RedisError::TimedOut), "{error}");
        // One timeout for the old connection, and one for a new one. Timers round up.
        let max = timeout * 2 + Duration::from_millis(10);
        assert!(asked.elapsed() <= max, "{:?}", asked.elapsed());
    }
    time::resume();
    server.resume();
    wait_until_available(&redis).await;
}

#[tokio::test]
async fn rejection_is_not_an_outage_and_hides_address_data_5() {
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
        .request::<()>(cmd("LPUSH").arg("key").arg("x"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, RedisError::Rejected { code, .. } if code == "WRONGTYPE"),
        "{error:?}"
    );
    let redis = at(&format!("redis://:a-wrong-password@{address}"));
    let error = format!("{:?}", set(&redis, "one").await.unwrap_err());
    assert!(
        !error.contains("a-wrong-password") && !error.contains("127.0.0.1"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_master_after_failover_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut servers = RedisSentinel::start(program).unwrap();
    let redis = at(&servers.url());
    wait_until_available(&redis).await;
    set(&redis, "one").await.unwrap();
    servers.kill_master();
    assert!(get(&redis).await.unwrap_err().is_outage());
    wait_until_available(&redis).await;
    assert_eq!(get(&redis).await.unwrap().as_deref(), Some("again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cluster_serves_keys_of_all_slots_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let cluster = RedisCluster::start(program).unwrap();
    let redis = at(&cluster.url());
    wait_until_available(&redis).await;
    redis.check().await.unwrap();
    for number in 0..100 {
        redis
            .request::<()>(cmd("SET").arg(format!("key-{number}")).arg(number))
            .await
            .unwrap();
    }
    for number in 0..100 {
        let found: i32 = redis
            .request(cmd("GET").arg(format!("key-{number}")))
            .await
            .unwrap();
        assert_eq!(found, number);
    }
}

#[tokio::test]
async fn slow_connection_continues_after_caller_timeout_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let servers = RedisSentinel::start(program).unwrap();
    let url = servers.url();
    let (_, sentinel) = url.split_once("://").unwrap();
    let (sentinel, _) = sentinel.split_once('/').unwrap();
    let proxy = FaultProxy::start(sentinel.parse().unwrap()).await.unwrap();
    // Each step takes less than the timeout of 200 ms, all steps together take longer.
    proxy.set(Fault {
        latency: Duration::from_millis(120),
        ..Fault::none()
    });
    let redis = at(&url.replace(sentinel, &proxy.address().to_string()));
    let error = set(&redis, "one").await.unwrap_err();
    assert!(matches!(error, RedisError::TimedOut), "{error}");
    let callers = (0..50).map(|_| {
        let redis = redis.clone();
        tokio::spawn(async move { wait_until_available(&redis).await })
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

#[tokio::test(flavor = "multi_thread")]
async fn leaves_replaced_master_that_still_answers_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let servers = RedisSentinel::start(&program).unwrap();
    let other = RedisServer::start(program).unwrap();
    let redis = at(&servers.url());
    wait_until_available(&redis).await;
    // The Sentinel names another master, and the first one still responds.
    let sentinel = at(&servers.sentinel().url());
    let name = RedisSentinel::MASTER;
    let port = other.address().port();
    sentinel
        .request::<()>(cmd("SENTINEL").arg("REMOVE").arg(name))
        .await
        .unwrap();
    sentinel
        .request::<()>(
            cmd("SENTINEL")
                .arg("MONITOR")
                .arg(name)
                .arg("127.0.0.1")
                .arg(port)
                .arg(1),
        )
        .await
        .unwrap();
    let other = at(&other.url());
    let end = Instant::now() + TIMEOUT;
    while get(&other).await.unwrap_or_default().as_deref() != Some("moved") {
        assert!(Instant::now() < end, "the first master is still used");
        let _ = set(&redis, "moved").await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_node_leaves_rest_of_cluster_usable_data_5() {
    const KEYS: usize = 50;
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let cluster = RedisCluster::start(program).unwrap();
    // Long enough for a loaded machine, and shorter than the cluster's own failure detection.
    let redis = within(&cluster.url(), Timeout::from_millis(1_000));
    wait_until_available(&redis).await;
    let silent = &cluster.nodes()[0];
    let direct = at(&silent.url());
    let (mut on_silent, mut elsewhere) = (Vec::new(), Vec::new());
    for number in 0..KEYS {
        let key = format!("key-{number}");
        redis
            .request::<()>(cmd("SET").arg(&key).arg(number))
            .await
            .unwrap();
        match direct.request::<usize>(cmd("GET").arg(&key)).await {
            Ok(_) => on_silent.push(key),
            Err(error) => {
                assert!(!matches!(error, RedisError::TimedOut), "{error}");
                elsewhere.push(key);
            }
        }
    }
    assert!(on_silent.len() > 4 && elsewhere.len() > 4);
    silent.freeze();
    for (silent, healthy) in on_silent.iter().zip(&elsewhere).take(5) {
        let error = redis
            .request::<usize>(cmd("GET").arg(silent))
            .await
            .unwrap_err();
        assert!(error.is_outage(), "{error:?}");
        redis
            .request::<usize>(cmd("GET").arg(healthy))
            .await
            .unwrap();
    }
    // A new connection works without the node.
    let new = within(&cluster.url(), Timeout::from_millis(1_000));
    let end = Instant::now() + TIMEOUT;
    while let Err(error) = new.request::<usize>(cmd("GET").arg(&elsewhere[0])).await {
        assert!(Instant::now() < end, "{error}");
    }
    silent.resume();
    let end = Instant::now() + TIMEOUT;
    while let Err(error) = redis.request::<usize>(cmd("GET").arg(&on_silent[0])).await {
        assert!(Instant::now() < end, "{error}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn timeout_covers_script_and_its_loading_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    let redis = within(
        &format!("redis://{}", proxy.address()),
        Timeout::from_millis(4_000),
    );
    wait_until_available(&redis).await;
    // One reply after 2.4 s is in time, but three are not: the missing script, its loading and its
    // result.
    proxy.set(Fault {
        latency: Duration::from_millis(1_200),
        ..Fault::none()
    });
    let script = Script::new("return 7");
    let error = redis.invoke::<i64>(&script, &[], &[]).await.unwrap_err();
    assert!(matches!(error, RedisError::TimedOut), "{error:?}");
    // The server answered, so the connection is kept.
    proxy.set(Fault::none());
    let end = Instant::now() + TIMEOUT;
    while let Err(error) = redis.invoke::<i64>(&script, &[], &[]).await {
        assert!(Instant::now() < end, "{error}");
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn limited_commands_wait_for_each_other_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    let url: RedisUrl = format!("redis://{}", proxy.address()).parse().unwrap();
    let succeeded = async |url: RedisUrl| {
        let config = RedisConfig {
            url,
            timeout: Timeout::from_secs(5),
            ..RedisConfig::default()
        };
        let redis = Redis::new(&config).unwrap();
        wait_until_available(&redis).await;
        // A command takes two seconds, so only two fit one after the other into the timeout.
        proxy.set(Fault {
            latency: Duration::from_secs(1),
            ..Fault::none()
        });
        let (one, two, three) = tokio::join!(get(&redis), get(&redis), get(&redis));
        proxy.set(Fault::none());
        [one, two, three].iter().filter(|one| one.is_ok()).count()
    };
    assert_eq!(succeeded(url.clone()).await, 3);
    assert_eq!(succeeded(url.with_max_commands(NonZeroU32::MIN)).await, 2);
}
