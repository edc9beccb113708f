//! Stock clients of Socket.IO against replicas of the service.

#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests"
)]

mod app;
mod balancer;
mod client;

use seaworthy_testkit::requirement::required;

use crate::{
    app::{Replicas, SECRET},
    client::{StockClient, java, javascript, python},
};

/// Restarts both replicas, one after the other, while the client sends messages.
fn survive_rolling_restart(start: impl FnOnce(&str) -> Option<StockClient>) {
    let Some(redis) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut replicas = Replicas::start(&redis);
    let Some(mut client) = start(&replicas.url()) else {
        return;
    };
    client.wait("acknowledged 9-5");
    for _ in 0..2 {
        replicas.restart_oldest();
        let sent = client.acknowledged().len();
        client.wait(&format!("acknowledged 9-{}", sent + 5));
    }
    let lines = client.stop();
    assert_eq!(lines.last().unwrap(), "done true", "{lines:?}");
    let count = |text: &str| lines.iter().filter(|line| line.starts_with(text)).count();
    assert!(count("draining") >= 1, "{lines:?}");
    assert_eq!(count("connected"), count("disconnected") + 1, "{lines:?}");
    assert_eq!(count("refused"), 0, "{lines:?}");

    let stored = replicas.stored();
    let acknowledged = client::acknowledged(&lines);
    assert!(acknowledged.len() > 15);
    for id in acknowledged {
        assert!(stored.contains(&id), "{id} is lost: {lines:?}");
    }
}

#[test]
fn javascript_client_survives_rolling_restart_life_4() {
    survive_rolling_restart(|url| javascript(url, "9"));
}

#[test]
fn python_client_survives_rolling_restart_life_4() {
    survive_rolling_restart(|url| python(url, "9"));
}

#[test]
fn java_client_survives_rolling_restart_life_4() {
    survive_rolling_restart(|url| java(url, "9"));
}

#[test]
fn message_reaches_other_replica_after_redis_restart_life_7() {
    let Some(redis) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut replicas = Replicas::start(&redis);
    let urls = replicas.urls();
    let (Some(mut first), Some(mut second)) =
        (javascript(&urls[0], "1"), javascript(&urls[1], "2"))
    else {
        return;
    };
    // A client misses what the other one said before it joined.
    first.wait_message_after("2", 0);
    second.wait_message_after("1", 0);
    replicas.redis.restart().unwrap();
    let sent = second.acknowledged().len();
    second.wait(&format!("acknowledged 2-{}", sent + 5));
    // Messages are lost while a replica has no connection to Redis. Later ones arrive.
    first.wait_message_after("2", sent + 5);
}

#[test]
fn client_with_another_key_is_rejected_auth_5() {
    let Some(redis) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let replicas = Replicas::start(&redis);
    let token = seaworthy_testkit::hs256_token(
        &SECRET.replace('a', "b"),
        serde_json::json!({ "sub": "ada" }),
    );
    let Some(mut client) = client::javascript_with(&replicas.url(), &token, "9") else {
        return;
    };
    client.wait("refused Authentication failed");
}
