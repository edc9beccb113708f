//! Each alert on a fault of the real thing: it fires, its runbook works, and it resolves.

mod runbook;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lapin::{BasicProperties, Connection, ConnectionProperties, options::BasicPublishOptions};
use seaworthy::core::new_id;
use seaworthy_deploy::{Overlay, render};
use seaworthy_facts::Facts;
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    fault::{Disruption, Fault, FaultProxy},
    program::ProgramServer,
    prometheus::{PrometheusServer, compress},
    requirement::required,
    server::free_address,
};
use serde_json::{Value, json};

use self::runbook::Runbooks;
use super::{RABBITMQ, RABBITMQ_LOCK, SECRET, loader, token};

/// 5 minutes become 1.5 s, and an hour becomes 18 s.
const FACTOR: u32 = 200;
/// 15 samples in the shortest window.
const SCRAPE_INTERVAL: Duration = Duration::from_millis(100);
const TRAFFIC_INTERVAL: Duration = Duration::from_millis(25);
const ADMIN_TOKEN: &str = "the token of an operator of these tests";
/// The age of events at which the outbox is old. A relay publishes them immediately.
const OVERLAY: &str = "[alerts.OutboxOld]\nthreshold = 2.0\n";
/// A worker that runs each second is late after 300 s, which is not a window.
const LATE: [&str; 2] = ["> 300", "> 4"];
const LATE_WORKER: &str = "worker=\"audit of joins\"";

/// The committed facts of the service, at the addresses of this test.
fn facts(admin: u16) -> Facts {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/facts/join.json");
    let mut facts = Facts::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    for listener in &mut facts.listeners {
        if listener.name == "admin" {
            listener.port = admin;
        }
    }
    facts
}

fn environment(settings: &[(&str, String)]) -> Vec<(String, String)> {
    let settings = settings.iter();
    settings
        .map(|(key, value)| (format!("JOIN_SERVICE__{key}"), value.clone()))
        .collect()
}

/// Publishes a message that the service cannot read.
async fn publish_unreadable(url: &str) {
    let connection = Connection::connect(url, ConnectionProperties::default());
    let channel = connection.await.unwrap().create_channel().await.unwrap();
    let published = channel.basic_publish(
        "city.events".into(),
        "event.updated".into(),
        BasicPublishOptions::default(),
        b"{",
        BasicProperties::default(),
    );
    published.await.unwrap().await.unwrap();
}

/// Waits until an alert fires.
async fn fires(prometheus: &PrometheusServer, alert: &str) {
    eventually(async || prometheus.firing_alerts().unwrap().contains(alert)).await;
}

/// Waits until an alert does not fire.
async fn resolves(prometheus: &PrometheusServer, alert: &str) {
    eventually(async || !prometheus.firing_alerts().unwrap().contains(alert)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_fire_and_resolve_with_their_faults_obs_9_ship_4() {
    let (Some(program), Some(broker)) = (required("SEAWORTHY_TEST_PROMETHEUS"), RABBITMQ.get())
    else {
        return;
    };
    let (Some(database), Some(of_events)) = (EmptyDatabase::postgres(), EmptyDatabase::postgres())
    else {
        return;
    };
    let _lock = RABBITMQ_LOCK.lock().await;
    let broker = broker.url();
    let (_, broker_address) = broker.rsplit_once('@').unwrap();
    let broker_address = broker_address.split('/').next().unwrap();
    let to_broker = FaultProxy::start(broker_address.parse().unwrap())
        .await
        .unwrap();
    let to_database = FaultProxy::start(database.server().unwrap()).await.unwrap();

    let (http, admin) = (free_address().unwrap(), free_address().unwrap());
    let through_proxy = to_broker.address().to_string();
    let environment = environment(&[
        ("PROFILE", "development".to_owned()),
        ("DATABASE__URL", database.url_at(to_database.address())),
        ("DATABASE__MIGRATE_AT_START", "true".to_owned()),
        (
            "BROKER__URL",
            broker.replace(broker_address, &through_proxy),
        ),
        ("JWT__SECRET", SECRET.to_owned()),
        ("AUDIT_LOG__KEY", SECRET.to_owned()),
        ("SERVER__HTTP__ADDR", http.to_string()),
        ("SERVER__HTTP__RATE_LIMIT__ENABLED", "false".to_owned()),
        ("SERVER__GRPC__ADDR", free_address().unwrap().to_string()),
        ("ADMIN__ADDR", admin.to_string()),
        ("ADMIN__TOKEN", ADMIN_TOKEN.to_owned()),
    ]);
    let service = Path::new(env!("CARGO_BIN_EXE_city-events-join"));
    let mut join = ProgramServer::new(service, environment.clone(), admin).unwrap();
    join.start().unwrap();

    let files = render(&[facts(admin.port())], &Overlay::read(OVERLAY).unwrap()).unwrap();
    let rules = compress(&files["prometheus/join-service.rules.yaml"], FACTOR);
    let (before, after) = rules.rsplit_once(LATE_WORKER).unwrap();
    assert!(after.contains(LATE[0]), "{rules}");
    let after = after.replacen(LATE[0], LATE[1], 1);
    let rules = format!("{before}{LATE_WORKER}{after}");
    let runbooks = Runbooks::new(files, service, environment, ADMIN_TOKEN);
    let prometheus =
        PrometheusServer::start(program, &rules, "join-service", admin, SCRAPE_INTERVAL).unwrap();

    let client = reqwest::Client::new();
    let user = token(new_id());
    let is_over = Arc::new(AtomicBool::new(false));
    let traffic = tokio::spawn({
        let (client, user, is_over) = (client.clone(), user.clone(), Arc::clone(&is_over));
        async move {
            while !is_over.load(Ordering::Relaxed) {
                let url = format!("http://{http}/api/v1/me/joins");
                tokio::spawn(client.get(url).bearer_auth(&user).send());
                tokio::time::sleep(TRAFFIC_INTERVAL).await;
            }
        }
    });
    // Traffic is recorded, and nothing fires.
    let requests = "sum(rate(join_service_http_requests_total[2s])) > 0";
    eventually(async || prometheus.query(requests).unwrap() != json!([])).await;
    let nothing = std::collections::BTreeSet::new();
    eventually(async || prometheus.firing_alerts().unwrap() == nothing).await;

    // The database is away.
    to_database.set(Fault::of(Disruption::Down));
    for (alert, page, known) in [
        ("NotReady", "not-ready", "database"),
        ("BreakerOpen(database)", "breaker-open", "open"),
        ("ErrorBudgetBurnFast", "error-budget-burn-fast", "database"),
        ("WorkerStalled", "worker-stalled", "audit of joins"),
    ] {
        fires(&prometheus, alert).await;
        let printed = runbooks.run(page);
        assert!(printed.contains(known), "{page}: {printed}");
    }
    to_database.heal();
    for alert in [
        "NotReady",
        "BreakerOpen(database)",
        "WorkerStalled",
        "ErrorBudgetBurnFast",
    ] {
        resolves(&prometheus, alert).await;
    }

    // The broker is away, and an event is stored.
    let event = city_events_event::service()
        .start(
            loader("event", &of_events, &broker),
            city_events_event::assemble,
        )
        .await
        .unwrap();
    let call = async |method: &str, url: String, body: Value| {
        let request = client.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(&user).body(body.to_string());
        let request = request.header("idempotency-key", new_id().to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str::<Value>(&text).unwrap_or_default(),
        )
    };
    let events = format!("http://{}/event/v1/events", event.addresses().http);
    let body = json!({
        "title": "Rust", "description": "Bring a boat", "city": "Hamburg", "category": "tech",
        "capacity": 5,
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
    });
    let created = call("POST", events.clone(), body).await.1;
    let id = created["data"]["id"].as_str().unwrap().to_owned();
    let published = call("POST", format!("{events}/{id}/publish"), Value::Null).await;
    assert_eq!(published.0, 200, "{published:?}");
    let bans = format!("http://{http}/api/v1/events/{id}/bans");
    let ban = json!({ "user_id": new_id() });
    eventually(async || call("POST", bans.clone(), ban.clone()).await.0 == 200).await;
    to_broker.set(Fault::of(Disruption::Down));
    let ban = json!({ "user_id": new_id() });
    assert_eq!(call("POST", bans, ban).await.0, 200);
    fires(&prometheus, "OutboxOld").await;
    let printed = runbooks.run("outbox-old");
    assert!(printed.contains("pending"), "{printed}");
    to_broker.heal();
    resolves(&prometheus, "OutboxOld").await;

    // A message cannot be read.
    eventually(async || join.is_ready()).await;
    publish_unreadable(&broker).await;
    fires(&prometheus, "DeadLetters").await;
    let printed = runbooks.run("dead-letters");
    assert!(printed.contains("event.updated"), "{printed}");
    resolves(&prometheus, "DeadLetters").await;

    // The process has ended.
    join.kill();
    fires(&prometheus, "ServiceDown").await;
    for page in ["service-down", "restart-loop"] {
        let printed = runbooks.run(page);
        assert!(printed.contains("--previous"), "{page}: {printed}");
    }
    join.start().unwrap();
    resolves(&prometheus, "ServiceDown").await;

    is_over.store(true, Ordering::Relaxed);
    traffic.await.unwrap();
    event.stop().await;
}
