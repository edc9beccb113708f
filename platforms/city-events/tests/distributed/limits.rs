//! What replicas of the door count together.

use seaworthy_testkit::redis::RedisServer;

use crate::cluster::Cluster;

/// So many requests in a minute.
const LIMIT: [(&str, &str); 1] = [("BFF__RATE_LIMIT__REQUESTS", "20")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_counted_outside_of_the_process_and_the_door_stays_open_without_res_6() {
    let Some(mut cluster) = Cluster::open_with(&LIMIT, 1).await else {
        return;
    };
    let door = cluster.door.clone();
    let status = async || door.nobody().get("/api/events").await.status;
    for _ in 0..12 {
        assert_eq!(status().await, 200);
    }
    // A process that has counted nothing yet: as a second one would.
    cluster.service("bff").kill();
    cluster.service("bff").start().unwrap();
    for _ in 0..8 {
        assert_eq!(status().await, 200);
    }
    assert_eq!(status().await, 429);
    cluster.redis.with(RedisServer::kill).await;
    assert_eq!(status().await, 200, "now it counts alone");
    cluster.all_run();
}
