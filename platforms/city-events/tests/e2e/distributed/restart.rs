//! A start of all services, and a restart of the only process of a service, under load.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    cluster::{Cluster, SERVICES},
    load::{Account, KINDS, Load, Results},
};
use crate::{client::Client, eventually::TIMEOUT, pictures::red_and_blue, platform::media::upload};

/// The requests per second of the requirement.
const RATE: u32 = 80;
/// The share of the requests that may fail, in percent.
const MAX_FAILED: usize = 1;
/// Requests wait this long for a service that restarts.
const WAIT: Duration = Duration::from_millis(400);
/// Maximum restarts, or starts of all services, of a test.
const MAX_RESTARTS: usize = 5;
/// Most of them must succeed. A busy machine delays a few.
const MAJORITY: usize = MAX_RESTARTS / 2 + 1;

/// A start that takes longer than requests wait opens the circuit breaker, which tries an address
/// that refuses connections every 250 ms. Requests count as sent after the restart from then on.
const BREAKER_PROBE: Duration = Duration::from_millis(300);
/// All services are ready and serve within this time of a common start.
const MAX_START: Duration = Duration::from_millis(800);
/// Requests succeed within this time after all services are ready.
const MAX_DELAY: Duration = Duration::from_millis(500);

/// Requests at the rate, counted by whether the service was ready again when they were sent.
struct Traffic {
    until_ready: Load,
    after: Load,
    is_ready: AtomicBool,
    is_over: AtomicBool,
}

impl Traffic {
    async fn send(self: Arc<Self>) {
        let start = Instant::now();
        let mut running = JoinSet::new();
        for number in 0.. {
            let due = start + Duration::from_secs(1) * number / RATE;
            tokio::time::sleep_until(due.into()).await;
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            let traffic = Arc::clone(&self);
            running.spawn(async move {
                let load = match traffic.is_ready.load(Ordering::Relaxed) {
                    true => &traffic.after,
                    false => &traffic.until_ready,
                };
                load.one(number).await;
            });
        }
        running.join_all().await;
    }
}

/// The number of requests, and of those that failed.
struct Counts {
    all: usize,
    failed: usize,
}

impl Counts {
    fn new(results: &Results) -> Self {
        let failed = results.iter().filter(|((_, result), _)| result != "200");
        Self {
            all: results.values().sum(),
            failed: failed.map(|(_, count)| count).sum(),
        }
    }

    fn max_failed(&self) -> usize {
        self.all * MAX_FAILED / 100
    }
}

/// The effects of a restart on clients.
struct Restart {
    /// The time from the signal until the service is ready again.
    took: Duration,
    until_ready: Counts,
    after: Counts,
}

impl Restart {
    /// Returns a problem if too many requests failed.
    fn problem(&self) -> Option<String> {
        let Counts { failed, all } = self.after;
        if failed > self.after.max_failed() {
            return Some(format!("{failed} of {all} failed after the restart"));
        }
        let Counts { failed, all } = self.until_ready;
        let requests = (self.took + BREAKER_PROBE).as_millis() * u128::from(RATE) / 1_000;
        let joins = usize::try_from(requests / u128::from(KINDS)).unwrap();
        let beyond = if self.took > WAIT { joins } else { 0 };
        let is_expected = failed <= self.until_ready.max_failed() + beyond;
        (!is_expected).then(|| format!("{failed} of {all} failed during the restart"))
    }
}

/// The event and the account of the requests.
struct Target {
    event: String,
    token: String,
    upload: String,
}

impl Target {
    fn load(&self, cluster: &Cluster) -> Load {
        let account = Account {
            token: self.token.clone(),
            upload: self.upload.clone(),
            email: cluster.email,
        };
        Load::new(
            &cluster.gateway,
            &cluster.secret,
            &self.event,
            Some(account),
        )
    }
}

/// Uploads a picture and waits until the worker has processed it. Returns the ID of the upload.
async fn processed_upload(user: &Client<'_>) -> String {
    let (id, status) = upload(user, "avatar", red_and_blue(600, 600)).await;
    assert_eq!(status["status"], "READY", "{status}");
    id
}

/// Restarts a service `before` after the load begins. The load ends `after` the service is ready.
async fn restart(
    cluster: &mut Cluster,
    target: &Target,
    name: &str,
    before: Duration,
    after: Duration,
) -> Restart {
    let traffic = Arc::new(Traffic {
        until_ready: target.load(cluster),
        after: target.load(cluster),
        is_ready: AtomicBool::new(false),
        is_over: AtomicBool::new(false),
    });
    let running = tokio::spawn(Arc::clone(&traffic).send());
    tokio::time::sleep(before).await;
    let start = Instant::now();
    let service = cluster.service(name);
    service.request_stop();
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
    let took = start.elapsed();
    if took > WAIT {
        tokio::time::sleep(BREAKER_PROBE).await;
    }
    traffic.is_ready.store(true, Ordering::Relaxed);
    tokio::time::sleep(after).await;
    traffic.is_over.store(true, Ordering::Relaxed);
    running.await.unwrap();
    let results = [&traffic.until_ready, &traffic.after].map(Load::take_results);
    let [until_ready, after] = results.each_ref().map(Counts::new);
    eprintln!(
        "{name}: stopped after {stopped:.2?}, ready after {took:.2?}, failed {} of {} requests until then, and {} of {} afterwards: {results:?}",
        until_ready.failed, until_ready.all, after.failed, after.all
    );
    Restart {
        took,
        until_ready,
        after,
    }
}

/// Starts the platform with a published event and an upload of its host.
async fn start() -> Option<(Cluster, Target)> {
    let cluster = Cluster::start().await?;
    let host = cluster.register(&format!("host-{}", Uuid::new_v4())).await;
    let upload = processed_upload(&host).await;
    let event = host.publish("Always there", 0).await;
    let first = cluster.register("first").await.join(&event, "k").await;
    assert_eq!(first.status, 200);
    let token = host.token.clone().unwrap();
    let target = Target {
        event,
        token,
        upload,
    };
    Some((cluster, target))
}

/// A start of a debug build can take longer than requests wait. Requests that wait at that time
/// fail, and so do later ones until the breaker closes. So the test allows failures of all joins of
/// that time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted_service_serves_once_it_is_ready_life_4() {
    let Some((mut cluster, target)) = start().await else {
        return;
    };
    let (before, after) = (Duration::from_secs(1), Duration::from_secs(2));
    let (mut successes, mut problems) = (0, Vec::new());
    while successes < MAJORITY {
        let last = restart(&mut cluster, &target, "join", before, after).await;
        match last.problem() {
            Some(problem) => problems.push(problem),
            None => successes += 1,
        }
        assert!(problems.len() < MAJORITY, "{problems:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes two minutes and needs an idle machine and programs of a release build"]
async fn restart_of_one_process_fails_few_requests_life_4() {
    let Some((mut cluster, target)) = start().await else {
        return;
    };
    let (before, after) = (Duration::from_secs(2), Duration::from_secs(10));
    let mut failures = Vec::new();
    for (name, _) in SERVICES {
        let Restart {
            until_ready, after, ..
        } = restart(&mut cluster, &target, name, before, after).await;
        let all = until_ready.all + after.all;
        if (until_ready.failed + after.failed) * 100 > all * MAX_FAILED {
            failures.push(name);
        }
        // The worker has no routes. It processes uploads after its restart.
        if name == "media-worker" {
            processed_upload(&cluster.with_token(target.token.as_str())).await;
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

/// The times from a common start of all services.
struct Start {
    /// Until all services are ready.
    ready: Duration,
    /// Until a request to each service has succeeded, with the failed requests of the start.
    served: Duration,
    failed: usize,
}

impl Start {
    async fn measure(cluster: &mut Cluster) -> Self {
        let address = cluster.gateway.address;
        let start = Instant::now();
        cluster.begin_services();
        let ready = async {
            cluster.wait_until_ready().await;
            start.elapsed()
        };
        let served = async {
            let client = reqwest::Client::new();
            let unknown = format!("/api/events/{}/view", Uuid::new_v4());
            let mut failed = 0;
            for (path, expected) in [
                ("/api/events", 200),
                (&unknown, 404),
                ("/api/feed/recommended?type=trending", 200),
                ("/api/auth/me", 401),
                (
                    "/api/media/00000000-0000-4000-8000-000000000009/status",
                    404,
                ),
            ] {
                let url = format!("http://{address}{path}");
                let status = async || Some(client.get(&url).send().await.ok()?.status().as_u16());
                loop {
                    let last = status().await;
                    if last == Some(expected) {
                        break;
                    }
                    assert!(start.elapsed() < TIMEOUT, "{path} fails: {last:?}");
                    failed += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                eprintln!("{path} served after {:.2?}", start.elapsed());
            }
            (start.elapsed(), failed)
        };
        let (ready, (served, failed)) = tokio::join!(ready, served);
        eprintln!(
            "ready after {ready:.2?}, served after {served:.2?} and {failed} failed requests"
        );
        Self {
            ready,
            served,
            failed,
        }
    }
}

fn stop_services(cluster: &mut Cluster) {
    for server in cluster.services.values_mut().flatten() {
        server.stop();
    }
}

/// Requests during the start open no breaker that delays the requests after it. A breaker would
/// delay them at each start, and a busy machine delays them at some.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_started_at_once_serve_when_ready_life_2() {
    let Some(mut cluster) = Cluster::prepare(&[], 1).await else {
        return;
    };
    let mut delays = Vec::new();
    loop {
        let Start {
            ready,
            served,
            failed,
        } = Start::measure(&mut cluster).await;
        assert!(failed > 0, "no request arrived during the start");
        delays.push(served.saturating_sub(ready));
        let late = delays.iter().filter(|delay| **delay >= MAX_DELAY).count();
        if delays.len() - late >= MAJORITY {
            return;
        }
        assert!(late < MAJORITY, "served {delays:?} after all are ready");
        stop_services(&mut cluster);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs an idle machine and programs of a release build"]
async fn services_started_at_once_serve_in_800_ms_life_2() {
    let Some(mut cluster) = Cluster::prepare(&[], 1).await else {
        return;
    };
    // The first start migrates the databases.
    cluster.start_services().await;
    stop_services(&mut cluster);
    let Start { ready, served, .. } = Start::measure(&mut cluster).await;
    assert!(ready.max(served) < MAX_START, "{ready:?}, {served:?}");
}
