//! A restart of the only process of a service, under load. Its result depends on the time of the
//! start, so it needs optimized programs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    cluster::{Cluster, SERVICES},
    load::{Load, Results},
};
use crate::eventually::TIMEOUT;

/// The requests per second of the promise.
const RATE: u32 = 80;
/// The restart is within this time.
const SPAN: Duration = Duration::from_secs(12);
/// The restart begins after this time.
const BEFORE: Duration = Duration::from_secs(2);
/// The share of the requests that may fail, in percent.
const MAX_FAILED: usize = 1;

/// Sends requests at the rate until the span is over, and returns the results.
async fn requests(load: Arc<Load>) -> Results {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for number in 0.. {
        let due = start + Duration::from_secs(1) * number / RATE;
        if due >= start + SPAN {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let load = Arc::clone(&load);
        running.spawn(async move { load.one(number).await });
    }
    running.join_all().await;
    load.take_results()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes 80 seconds and needs an idle machine and programs of a release build"]
async fn restart_of_one_process_fails_few_requests_life_4() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    cluster.wait_until_ready().await;
    let gateway = cluster.gateway.clone();
    let host = gateway.register(&format!("host-{}", Uuid::new_v4())).await;
    let id = host.publish("Always there", 0).await;
    let first = gateway.register("first").await.join(&id, "k").await;
    assert_eq!(first.status, 200);
    let load = Arc::new(Load::new(&gateway, &cluster.secret, &id));
    let mut failures = Vec::new();
    for (name, _) in SERVICES {
        let running = tokio::spawn(requests(Arc::clone(&load)));
        tokio::time::sleep(BEFORE).await;
        let start = Instant::now();
        let service = cluster.service(name);
        service.ask_to_stop();
        while service.is_running() {
            assert!(start.elapsed() < TIMEOUT, "{name} does not stop");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let stopped = start.elapsed();
        service.begin().unwrap();
        while !service.is_ready() {
            assert!(start.elapsed() < TIMEOUT, "{name} does not start");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ready = start.elapsed();
        let results = running.await.unwrap();
        let all: usize = results.values().sum();
        let failed: Vec<_> = results
            .iter()
            .filter(|((_, result), _)| result != "200")
            .collect();
        let count: usize = failed.iter().map(|(_, count)| **count).sum();
        eprintln!(
            "{name}: stopped after {stopped:.2?}, ready after {ready:.2?}, {count} of {all} requests failed: {failed:?}"
        );
        if count * 100 > all * MAX_FAILED {
            failures.push(name);
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}
