//! The requests that a restart of the only replica of a service costs.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::cluster::Cluster;
use crate::{client::sign_token, eventually::TIMEOUT};

/// Requests per second.
const RATE: u32 = 80;
/// Requests around one restart, about twelve seconds of them.
const REQUESTS: u32 = 960;
/// Requests that may fail: one percent.
const MAX_FAILED: usize = 9;
/// The request at which the service gets SIGTERM.
const RESTART_AT: u32 = 2 * RATE;

/// Restarts a service under load and returns the failures by request and result.
async fn restart(cluster: &mut Cluster, name: &str, paths: &[String]) -> BTreeMap<String, usize> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().unwrap();
    let token = sign_token(
        cluster.secret.as_bytes(),
        "HS256",
        &Uuid::new_v4().to_string(),
    );
    let address = cluster.gateway.address;
    let (start, mut running) = (tokio::time::Instant::now(), JoinSet::new());
    for number in 0..REQUESTS {
        tokio::time::sleep_until(start + Duration::from_secs(1) * number / RATE).await;
        if number == RESTART_AT {
            let service = cluster.service(name);
            service.ask_to_stop();
            let asked = Instant::now();
            while service.is_running() {
                assert!(asked.elapsed() < TIMEOUT, "{name} does not stop");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            service.begin().unwrap();
            eprintln!("{name} stopped in {:.0?}", asked.elapsed());
        }
        let path = &paths[usize::try_from(number).unwrap() % paths.len()];
        let request = client.get(format!("http://{address}{path}"));
        let (request, path) = (request.bearer_auth(&token), path.clone());
        running.spawn(async move {
            let result = match request.send().await {
                Ok(response) => response.status().as_u16().to_string(),
                Err(error) => format!("{error:?}"),
            };
            (result != "200").then(|| format!("{path}: {result}"))
        });
    }
    let mut failed = BTreeMap::new();
    while let Some(result) = running.join_next().await {
        if let Some(failure) = result.unwrap() {
            *failed.entry(failure).or_default() += 1;
        }
    }
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes 90 seconds and needs an idle machine"]
async fn restart_of_only_replica_fails_one_percent_life_4() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    cluster.wait_until_ready().await;
    let id = cluster.register("host").await.publish("Open", 0).await;
    let paths = [
        format!("/api/events/{id}/view"),
        "/api/events".to_owned(),
        "/api/feed/recommended?type=trending".to_owned(),
    ];
    let mut lost = Vec::new();
    for name in ["auth", "event", "join", "feed", "email"] {
        let failed = restart(&mut cluster, name, &paths).await;
        let count: usize = failed.values().sum();
        eprintln!("{name}: {count} of {REQUESTS} failed: {failed:?}");
        if count > MAX_FAILED {
            lost.push((name, failed));
        }
        cluster.wait_until_ready().await;
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
