//! Passwords that are rotated while connections are open.

use std::time::Instant;

use seaworthy_core::{Secret, SecretRotation, Timeout};
use seaworthy_redis::{Redis, RedisConfig, redis::cmd};
use seaworthy_testkit::{eventually, redis::RedisServer, requirement::required};

use super::{TIMEOUT, at, set, wait_until_available};

#[tokio::test]
async fn rotated_password_opens_new_connections_conf_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    // A connection stays authenticated when the password changes.
    let admin = at(&server.url());
    let set_password = async |password: &str| {
        let mut command = cmd("CONFIG");
        let command = command.arg("SET").arg("requirepass").arg(password);
        admin.request::<()>(command).await.unwrap();
    };
    set_password("first").await;
    let rotation = SecretRotation::default();
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        password: Some(Secret::with_rotation("first".to_owned(), &rotation)),
        ..RedisConfig::default()
    };
    let redis = Redis::new(&config).unwrap();
    set(&redis, "one").await.unwrap();
    set_password("second").await;
    set(&redis, "two").await.unwrap();
    let mut kill = cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg("normal");
    admin.request::<u32>(&kill).await.unwrap();
    let end = Instant::now() + TIMEOUT;
    while set(&redis, "three").await.is_ok() {
        assert!(Instant::now() < end);
    }
    rotation.set(Secret::new("second".to_owned()));
    wait_until_available(&redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_password_replaces_open_connections_conf_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let admin = at(&server.url());
    let set_password = async |password: &str| {
        let mut command = cmd("CONFIG");
        let command = command.arg("SET").arg("requirepass").arg(password);
        admin.request::<()>(command).await.unwrap();
    };
    admin.check().await.unwrap();
    set_password("first").await;
    let rotation = SecretRotation::default();
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        password: Some(Secret::with_rotation("first".to_owned(), &rotation)),
        ..RedisConfig::default()
    };
    let redis = Redis::new(&config).unwrap();
    let id = async |redis: &Redis| -> u64 {
        let mut command = cmd("CLIENT");
        redis.request(command.arg("ID")).await.unwrap()
    };
    let old = id(&redis).await;
    let blocked = redis.with_timeout(Timeout::from_secs(60)).unwrap();
    let old_blocked = id(&blocked).await;
    let reply = tokio::spawn(async move {
        let mut command = cmd("BLPOP");
        let command = command.arg("list").arg(0);
        blocked.request::<(String, String)>(command).await
    });
    let clients = async || -> String {
        let mut command = cmd("CLIENT");
        admin.request(command.arg("LIST")).await.unwrap()
    };
    let is_open = async |id: u64| clients().await.contains(&format!("id={id} "));
    eventually(async || clients().await.contains("cmd=blpop")).await;

    // The server does not accept the new password yet. Each attempt opens a connection.
    rotation.set(Secret::new("second".to_owned()));
    let attempts = async || -> u64 {
        let mut command = cmd("INFO");
        let info: String = admin.request(command.arg("stats")).await.unwrap();
        let (_, rest) = info.split_once("total_connections_received:").unwrap();
        rest.lines().next().unwrap().parse().unwrap()
    };
    let first = attempts().await;
    eventually(async || attempts().await > first + 2).await;
    assert_eq!(id(&redis).await, old);

    set_password("second").await;
    eventually(async || !is_open(old).await && clients().await.lines().count() == 4).await;
    set(&redis, "one").await.unwrap();
    // A command that runs meanwhile gets its reply.
    assert!(is_open(old_blocked).await);
    let mut push = cmd("RPUSH");
    let push = push.arg("list").arg("value");
    admin.request::<u64>(push).await.unwrap();
    assert_eq!(reply.await.unwrap().unwrap().1, "value");
    eventually(async || !is_open(old_blocked).await).await;
}
