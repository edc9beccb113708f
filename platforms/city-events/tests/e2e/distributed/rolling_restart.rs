//! A restart of all replicas, one after the other, under load.

use std::time::{Duration, Instant};

use super::{
    cluster::{Cluster, SERVICES},
    load::{CLIENTS, Load},
};
use crate::eventually::TIMEOUT;

/// Time in which the balancers detect that a replica is ready.
const DETECTION: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes 90 seconds and needs an idle machine"]
async fn rolling_restart_fails_no_request_life_4() {
    let Some(mut cluster) = Cluster::start_with(&[], 2).await else {
        return;
    };
    let gateway = cluster.gateway.clone();
    tokio::time::sleep(DETECTION).await;
    let host = gateway.register("host").await;
    let id = host.publish("Always there", 0).await;
    let first = gateway.register("first").await.join(&id, "k").await;
    assert_eq!(first.status, 200);
    let load = Load::start(&gateway, &cluster.secret, &id, CLIENTS);
    let mut failed = Vec::new();
    for (name, _) in SERVICES {
        let start = Instant::now();
        for replica in cluster.services.get_mut(name).unwrap() {
            replica.request_stop();
            while replica.is_running() {
                assert!(start.elapsed() < TIMEOUT, "{name} does not stop");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            replica.begin().unwrap();
            while !replica.is_ready() {
                assert!(replica.is_running(), "{}", replica.log().unwrap());
                assert!(start.elapsed() < TIMEOUT, "{name} does not start");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tokio::time::sleep(DETECTION).await;
        }
        let results = load.take_results();
        eprintln!("{name} restarted in {:.1?}: {results:?}", start.elapsed());
        for ((request, result), count) in results {
            if result != "200" && result != "complete" {
                failed.push(format!("{name}: {request} was {result} {count} times"));
            }
        }
    }
    let joined = load.stop().await + 1;
    assert!(failed.is_empty(), "{failed:#?}");
    host.wait_for_view(&id, |view| view["event"]["active_participants"] == joined)
        .await;
}
