//! More requests than the database serves, and a route that panics.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use city_events_join::JoinConfig;
use seaworthy::prelude::*;
use seaworthy_deploy::{Overlay, render};
use seaworthy_testkit::{
    alerts::{Alerts, ObservedService},
    database::EmptyDatabase,
    eventually,
    fault::{Fault, FaultProxy},
    prometheus::compress,
    requirement::required,
};
use serde_json::json;

use super::{super::loader, ADMIN_TOKEN, FACTOR, facts, send_traffic};

/// While two connections serve two statements, six reads arrive. A longer time opens the breaker.
const SLOW: Duration = Duration::from_millis(80);
/// The path of a route that this test adds.
const PANICS: &str = "/test/panics";

async fn panics() -> &'static str {
    panic!("a bug of the handler")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_and_panics_fire_their_alerts_obs_9_ship_4() {
    let Some(program) = required("SEAWORTHY_TEST_PROMETHEUS") else {
        return;
    };
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let to_database = FaultProxy::start(database.server().unwrap()).await.unwrap();
    let url = database.url_at(to_database.address());
    let settings = [
        &*format!("database.url={url}"),
        "database.pool.max_connections=2",
        "join_batching.max_concurrent=1",
        "server.http.load_shed.max_in_flight=20",
        // Otherwise the limit falls until no request waits for a connection.
        "server.http.load_shed.max_queue_delay=10s",
        "server.http.rate_limit.requests=1000000",
        &format!("admin.token={ADMIN_TOKEN}"),
    ]
    .map(str::to_owned);
    let loader = loader("join", &database, &broker).overrides(settings);
    let running = city_events_join::service()
        .start(loader, async |service: &Assembly<JoinConfig>| {
            city_events_join::assemble(service).await?;
            let routes = Routes::new().get(PANICS, panics);
            service.http(routes.with_options(|options| options.access(Access::Public)));
            Ok(())
        })
        .await
        .unwrap();
    let (http, admin) = (running.addresses().http, running.addresses().admin);
    let files = render(&[facts(admin.port())], &Overlay::default()).unwrap();
    let rules = compress(&files["prometheus/join-service.rules.yaml"], FACTOR);
    let observed = ObservedService {
        name: "join-service",
        program: Path::new(env!("CARGO_BIN_EXE_city-events-join")),
        config: folder.path().to_owned(),
        environment: Vec::new(),
        admin,
        token: ADMIN_TOKEN,
    };
    let alerts = Alerts::start(program, &rules, files, observed).unwrap();
    // Prometheus has the counters, and no alert fires.
    let scraped = "join_service_panics_total";
    eventually(async || alerts.prometheus().query(scraped).unwrap() != json!([])).await;
    assert!(!alerts.is_firing("Panics").unwrap());

    let failed = reqwest::get(format!("http://{http}{PANICS}")).await;
    assert_eq!(failed.unwrap().status(), 500);
    alerts.fires("Panics", "\"version\"").await;
    alerts.resolves(&["Panics"]).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let traffic = tokio::spawn(send_traffic(http, Arc::clone(&is_over)));
    let slow = Fault {
        latency: SLOW,
        ..Fault::none()
    };
    to_database.set(slow);
    let pool = "join_service_database_pool_waiting{name=\"database\"} ";
    alerts.fires("DatabasePoolExhausted", pool).await;
    let limit = "join_service_concurrency_limit{name=\"http\"} ";
    alerts.fires("RequestsShed", limit).await;
    to_database.heal();
    alerts
        .resolves(&["DatabasePoolExhausted", "RequestsShed"])
        .await;

    is_over.store(true, Ordering::Relaxed);
    traffic.await.unwrap();
    running.stop().await;
}
