//! A new version of everything, one process after the other, while people look and join.

use std::time::{Duration, Instant};

use crate::{
    cluster::{Cluster, SERVICES},
    load::Load,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// A replica that is ready again is found by the balancers.
const FOUND: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute and a half, and wants a machine of its own"]
async fn every_service_is_restarted_replica_by_replica_and_no_request_fails_life_4() {
    let Some(mut cluster) = Cluster::open_with(&[], 2).await else {
        return;
    };
    let door = cluster.door.clone();
    tokio::time::sleep(FOUND).await;
    let host = door.register("host").await;
    let id = host.publish("Always there", 0).await;
    assert_eq!(
        door.register("first").await.join(&id, "k").await.status,
        200
    );
    let load = Load::start(&door, &cluster.secret, &id);
    let mut failed = Vec::new();
    for (name, _) in SERVICES {
        let begun = Instant::now();
        for replica in cluster.services.get_mut(name).unwrap() {
            replica.ask_to_stop();
            while replica.is_running() {
                assert!(begun.elapsed() < PATIENCE, "{name} does not stop");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            replica.begin().unwrap();
            while !replica.is_ready() {
                assert!(replica.is_running(), "{}", replica.log().unwrap());
                assert!(begun.elapsed() < PATIENCE, "{name} does not start");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tokio::time::sleep(FOUND).await;
        }
        let seen = load.seen();
        eprintln!("{name} restarted in {:.1?}: {seen:?}", begun.elapsed());
        for ((asked, how), times) in seen {
            if how != "200" && how != "whole" {
                failed.push(format!("{name}: {asked} was {how} {times} times"));
            }
        }
    }
    let joined = load.stop().await + 1;
    assert!(failed.is_empty(), "{failed:#?}");
    host.view_until(&id, |view| view["event"]["active_participants"] == joined)
        .await;
}
