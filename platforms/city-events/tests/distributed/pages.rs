//! What looking at an event costs, and the memory of each service: a measurement, told and not judged.

#![expect(
    clippy::print_stdout,
    reason = "what is measured is for people to read"
)]

use std::time::{Duration, Instant};

use seaworthy_testkit::http;

use crate::cluster::{Cluster, SERVICES};

/// Those who look at once.
const CLIENTS: u32 = 16;
/// Requests a second where the machine is not to be filled.
const STEADY: u32 = 200;
const SPAN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures: it wants a machine that does nothing else, and programs of a release build"]
async fn what_an_event_page_and_each_service_cost() {
    let unlimited = [("BFF__RATE_LIMIT__ENABLED", "false")];
    let Some(cluster) = Cluster::open_with(&unlimited, 1).await else {
        return;
    };
    tell_memory(&cluster, "before anybody came");
    let host = cluster.register("host").await;
    let event = host.publish("Looked at", 100).await;
    host.view_until(&event, |view| view["degraded"]["participation"].is_null())
        .await;
    for (what, path) in [
        ("the view", format!("/api/events/{event}/view")),
        ("the page", format!("/events/{event}")),
    ] {
        let url = format!("http://{}{path}", cluster.address);
        look(&url, None, Duration::from_secs(2)).await;
        told(
            &format!("{what}, {STEADY} a second"),
            look(&url, Some(STEADY), SPAN).await,
        );
        told(
            &format!("{what}, as many as {CLIENTS} clients can"),
            look(&url, None, SPAN).await,
        );
    }
    tell_memory(&cluster, "after them");
}

/// How long each request waited from when it was due, in order; each client sends one after the other.
async fn look(url: &str, a_second: Option<u32>, span: Duration) -> Vec<Duration> {
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let (url, http) = (url.to_owned(), reqwest::Client::new());
        tokio::spawn(async move {
            let mut waits = Vec::new();
            for number in 0_u32.. {
                let due = a_second.map_or_else(Instant::now, |a_second| {
                    begun + Duration::from_secs(1) * (number * CLIENTS + client) / a_second
                });
                if due >= begun + span {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let answer = http.get(&url).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.bytes().await.unwrap();
                waits.push(due.elapsed());
            }
            waits
        })
    });
    let all = futures::future::join_all(clients.collect::<Vec<_>>()).await;
    let mut waits: Vec<_> = all.into_iter().flat_map(Result::unwrap).collect();
    waits.sort_unstable();
    waits
}

fn told(what: &str, waits: Vec<Duration>) {
    let of = |share: usize| waits[(waits.len() - 1) * share / 1_000];
    let rate = waits.len() as u64 / SPAN.as_secs();
    let (half, most, worst) = (of(500), of(990), of(1_000));
    println!("{what}: {rate} a second, p50 {half:.1?}, p99 {most:.1?}, longest {worst:.1?}");
}

fn tell_memory(cluster: &Cluster, when: &str) {
    let each = SERVICES.map(|(name, _)| {
        let text = http::get(cluster.operators[name], "/metrics").unwrap().body;
        let mut lines = text.lines();
        let line = lines
            .find(|line| line.contains("process_resident_memory_bytes ") && !line.starts_with('#'));
        let bytes = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok());
        let bytes: f64 = bytes.unwrap_or_else(|| panic!("{name} tells no memory: {text}"));
        format!("{name} {:.1}", bytes / f64::from(1 << 20))
    });
    println!("MiB of memory {when}: {}", each.join(", "));
}
