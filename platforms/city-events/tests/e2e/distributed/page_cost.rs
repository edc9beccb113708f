//! Measures the latency of an event page and the memory of each service. It prints the results.

#![expect(clippy::print_stdout, reason = "the results are for people")]

use std::time::{Duration, Instant};

use seaworthy_testkit::http;

use super::cluster::{Cluster, SERVICES};

/// Number of concurrent clients.
const CLIENTS: u32 = 16;
/// Requests per second of the run below saturation.
const STEADY_RATE: u32 = 200;
const DURATION: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: needs an idle machine and a release build"]
async fn measures_event_page_and_memory() {
    let unlimited = [("BFF__RATE_LIMIT__ENABLED", "false")];
    let Some(cluster) = Cluster::start_with(&unlimited, 1).await else {
        return;
    };
    print_memory(&cluster, "at start");
    let host = cluster.register("host").await;
    let event = host.publish("Looked at", 100).await;
    host.wait_for_view(&event, |view| view["degraded"]["participation"].is_null())
        .await;
    for (target, path) in [
        ("view", format!("/api/events/{event}/view")),
        ("page", format!("/events/{event}")),
    ] {
        let url = format!("http://{}{path}", cluster.address);
        request_for(&url, None, Duration::from_secs(2)).await;
        print_latencies(
            &format!("{target} at {STEADY_RATE} requests per second"),
            &request_for(&url, Some(STEADY_RATE), DURATION).await,
        );
        print_latencies(
            &format!("{target} at the highest rate of {CLIENTS} clients"),
            &request_for(&url, None, DURATION).await,
        );
    }
    print_memory(&cluster, "at the end");
}

/// Sends requests for `duration`, at a fixed rate or as fast as possible. Returns the sorted
/// latencies, measured from the time at which each request was due.
async fn request_for(url: &str, rate: Option<u32>, duration: Duration) -> Vec<Duration> {
    let start = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let (url, http) = (url.to_owned(), reqwest::Client::new());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            for number in 0_u32.. {
                let due = rate.map_or_else(Instant::now, |rate| {
                    start + Duration::from_secs(1) * (number * CLIENTS + client) / rate
                });
                if due >= start + duration {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let response = http.get(&url).send().await.unwrap();
                assert_eq!(response.status(), 200);
                response.bytes().await.unwrap();
                latencies.push(due.elapsed());
            }
            latencies
        })
    });
    let all = futures::future::join_all(clients.collect::<Vec<_>>()).await;
    let mut latencies: Vec<_> = all.into_iter().flat_map(Result::unwrap).collect();
    latencies.sort_unstable();
    latencies
}

fn print_latencies(label: &str, latencies: &[Duration]) {
    let quantile = |per_mille: usize| latencies[(latencies.len() - 1) * per_mille / 1_000];
    let rate = latencies.len() as u64 / DURATION.as_secs();
    let (p50, p99, max) = (quantile(500), quantile(990), quantile(1_000));
    println!("{label}: {rate} per second, p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?}");
}

fn print_memory(cluster: &Cluster, moment: &str) {
    let each = SERVICES.map(|(name, _)| {
        let text = http::get(cluster.admin[name], "/metrics").unwrap().body;
        let mut lines = text.lines();
        let line = lines
            .find(|line| line.contains("process_resident_memory_bytes ") && !line.starts_with('#'));
        let bytes = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok());
        let bytes: f64 = bytes.unwrap_or_else(|| panic!("{name} has no memory metric: {text}"));
        format!("{name} {:.1}", bytes / f64::from(1 << 20))
    });
    println!("memory in MiB {moment}: {}", each.join(", "));
}
