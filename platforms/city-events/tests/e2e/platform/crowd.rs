//! More concurrent joins of one event than a listener accepts by default.

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use seaworthy::data::sql;
use seaworthy_testkit::http::get;
use uuid::Uuid;

use crate::{app::TestApp, client::sign_token, eventually::eventually};

/// More than the default of `load_shed.max_in_flight`, which is 1,024.
const CROWD: usize = 1_200;
/// Time limits that a slow machine does not exceed while the joins wait.
const SETTINGS: [&str; 9] = [
    "bff.server.http.timeout=2m",
    // Calls that wait for the lock look like those of a silent service.
    "bff.grpc_clients.join.policies.breaker.mode=off",
    "bff.grpc_clients.join.policies.attempt_timeout=2m",
    "bff.grpc_clients.join.policies.total_timeout=2m",
    "join.server.grpc.timeout=2m",
    "join.database.lock_timeout=2m",
    "join.database.statement_timeout=2m",
    "join.database.transaction_timeout=2m",
    "join.database.pool.acquire_timeout=2m",
];

/// Returns the number of calls that wait in the join service.
fn waiting(app: &TestApp) -> usize {
    let admin = app.platform.addresses("join").unwrap().admin;
    let metrics = get(admin, "/metrics").unwrap().body;
    let is_calls =
        |line: &&str| line.contains("concurrency_in_flight{") && line.contains("\"grpc\"");
    let line = metrics.lines().find(is_calls).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowd_above_default_limit_waits_and_joins_res_7() {
    let app = TestApp::start_with(&SETTINGS).await;
    let host = app.register("host").await;
    let event = host.publish("A crowd", 0).await;
    let first = app.register("first").await;
    assert_eq!(first.join(&event, "first").await.status, 200);

    let database = app.database("join.db").await;
    let locked = database.begin().await.unwrap();
    sql("UPDATE event_capacity SET revision = revision")
        .execute(&locked)
        .await
        .unwrap();
    let secret = app.jwt_secret();
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap();
    let url = format!("http://{}/api/events/{event}/join", app.address);
    let mut joins: FuturesUnordered<_> = (0..CROWD)
        .map(|_| {
            let user = Uuid::new_v4().to_string();
            let request = client
                .post(&url)
                .bearer_auth(sign_token(&secret, "HS256", &user))
                .header("idempotency-key", user)
                .header("content-type", "application/json")
                .body("{}");
            tokio::spawn(request.send())
        })
        .collect();
    eventually(async || {
        let early = joins.next().now_or_never().flatten();
        assert!(
            early.is_none(),
            "answered while the event is locked: {early:?}"
        );
        match waiting(&app) {
            CROWD => Ok(()),
            waiting => Err(waiting),
        }
    })
    .await;
    locked.commit().await.unwrap();
    while let Some(response) = joins.next().await {
        let response = response.unwrap().unwrap();
        assert_eq!(response.status(), 200, "{response:?}");
    }
    app.stop().await;
}
