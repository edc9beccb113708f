//! Measures each route with `seaworthy-bench platform`: rate, latency, CPU time and memory of each
//! process and server, the rows that are left in the outboxes, and the time until all messages are
//! processed.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use seaworthy::data::{Database, sql};
use serde_json::json;

use super::cluster::Cluster;
use crate::{
    app::open_database,
    client::{PASSWORD, new_email},
    programs::program,
};

/// Number of events of the rows whose joins are spread.
const EVENTS: usize = 200;
/// Each row has more users than joins, so that no user joins an event twice.
const USERS: &str = "20000";
/// Duration of each row, in seconds.
const SECONDS: &str = "10";
/// Capacity of each event, above the joins of all rows.
const CAPACITY: u32 = 100_000;
/// The messages of one event are processed one after the other, so a row with one event needs long.
const MAX_PROCESSING: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const JOIN: &str = "POST /api/events/{event}/join {}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: takes four minutes, and needs an idle machine and a dist build"]
async fn measures_each_route() {
    let variables = [
        ("BFF__RATE_LIMIT__ENABLED", "false"),
        ("BFF__SERVER__HTTP__RATE_LIMIT__ENABLED", "false"),
        ("EVENT_SERVICE__SERVER__GRPC__RATE_LIMIT__ENABLED", "false"),
        ("JOIN_SERVICE__SERVER__GRPC__RATE_LIMIT__ENABLED", "false"),
        ("FEED_SERVICE__SERVER__HTTP__RATE_LIMIT__ENABLED", "false"),
        ("AUTH_SERVICE__SERVER__HTTP__RATE_LIMIT__ENABLED", "false"),
        ("AUTH_SERVICE__SERVER__GRPC__RATE_LIMIT__ENABLED", "false"),
    ];
    let Some(mut cluster) = Cluster::start_durable(&variables).await else {
        return;
    };
    let host = cluster.register("host").await;
    let mut events = Vec::new();
    for number in 0..EVENTS {
        events.push(host.publish(&format!("Event {number}"), CAPACITY).await);
    }
    for event in &events {
        host.wait_for_view(event, |view| view["degraded"]["participation"].is_null())
            .await;
    }
    let email = new_email("reader");
    let body = json!({ "email": email, "password": PASSWORD });
    let visitor = cluster.anonymous();
    let registered = visitor.send("POST", "/api/auth/register", Some(body)).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let folder = tempfile::tempdir().unwrap();
    let [one, many] = ["one", "many"].map(|name| folder.path().join(name));
    fs::write(&one, &events[0]).unwrap();
    fs::write(&many, events.join("\n")).unwrap();
    let [one, many] = [one, many].map(|path| path.display().to_string());
    let login = format!(r#"POST /api/auth/login {{"email":"{email}","password":"{PASSWORD}"}}"#);
    let (one, many) = (["--events", one.as_str()], ["--events", many.as_str()]);
    let processes = processes(&mut cluster);
    let messages = Messages::open(&cluster).await;
    for (title, events, model, requests) in [
        ("idle", many, ["--rate", "1"], vec!["GET /healthz"]),
        ("one event", one, ["--clients", "50"], vec![JOIN]),
        ("200 events", many, ["--clients", "50"], vec![JOIN]),
        ("200 events", many, ["--rate", "200"], vec![JOIN]),
        ("200 events", many, ["--rate", "50"], vec![JOIN]),
        (
            "pages",
            many,
            ["--clients", "16"],
            vec![
                "GET /api/feed/recommended",
                "GET /api/feed",
                "GET /api/events",
                "GET /api/events/{event}/view",
            ],
        ),
        ("login", one, ["--clients", "4"], vec![login.as_str()]),
    ] {
        println!("== {title}");
        let status = Command::new(program("seaworthy-bench"))
            .args(["platform", "--url", &format!("http://{}", cluster.address)])
            .args(["--secret", &cluster.secret, "--users", USERS])
            .args(["--seconds", SECONDS])
            .args(events)
            .args(model)
            .args(
                requests
                    .into_iter()
                    .flat_map(|request| ["--request", request]),
            )
            .args(processes.iter().flat_map(|process| ["--process", process]))
            .args(
                ["event", "join"]
                    .iter()
                    .flat_map(|name| ["--outbox", &cluster.databases[name]]),
            )
            .status()
            .unwrap();
        assert!(status.success(), "{title}: {status}");
        let processed = messages.wait_until_processed().await;
        println!("all messages are processed after {processed:.1?}");
    }
    cluster.assert_running();
}

/// The databases that show which messages are processed.
struct Messages {
    event: Database,
    join: Database,
    feed: Database,
}

impl Messages {
    async fn open(cluster: &Cluster) -> Self {
        let open = async |name: &str| open_database(&cluster.databases[name]).await;
        Self {
            event: open("event").await,
            join: open("join").await,
            feed: open("feed").await,
        }
    }

    /// Waits until event and feed have counted each join, and the outboxes are empty.
    async fn wait_until_processed(&self) -> Duration {
        let start = Instant::now();
        loop {
            let joins = number(&self.join, "SELECT count(*) FROM joins").await;
            let states = [
                number(&self.join, "SELECT count(*) FROM outbox WHERE state = 0").await == 0,
                number(&self.event, "SELECT count(*) FROM outbox WHERE state = 0").await == 0,
                number(
                    &self.event,
                    "SELECT CAST(sum(active_participants) AS bigint) FROM events",
                )
                .await
                    == joins,
                number(&self.feed, "SELECT count(*) FROM feed_joins").await == joins,
            ];
            if states == [true; 4] {
                return start.elapsed();
            }
            assert!(
                start.elapsed() < MAX_PROCESSING,
                "{joins} joins: {states:?}"
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

async fn number(database: &Database, query: &'static str) -> i64 {
    let (number,): (i64,) = sql(query).fetch_one(database).await.unwrap();
    number
}

/// Returns the processes of services and servers, as `NAME=PID`.
fn processes(cluster: &mut Cluster) -> Vec<String> {
    let services = cluster.services.iter();
    let services = services.map(|(name, replicas)| (*name, replicas[0].id()));
    let servers = [
        ("postgres", cluster.postgres.get(|server| server.id())),
        ("rabbitmq", cluster.rabbitmq.get(|server| server.id())),
        ("redis", cluster.redis.get(|server| server.id())),
    ];
    services
        .chain(servers)
        .map(|(name, id)| format!("{name}={}", id.unwrap()))
        .collect()
}
