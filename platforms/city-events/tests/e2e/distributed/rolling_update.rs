//! A rolling update in the order of Kubernetes. A new pod becomes ready, then the old pod gets
//! SIGTERM. Balancers still send it connections for up to three seconds. Numbers come from the
//! committed manifests.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    cluster::{Addresses, Cluster, SERVICES},
    load::{CLIENTS, Load},
};

/// The pods of each service. The autoscaler keeps at least two.
const PODS: usize = 2;
/// The time until the last node sends an ended pod no new connection.
const MAX_SKEW: Duration = Duration::from_secs(3);
/// The requests of the requirement.
const REQUESTS: usize = 100_000;
/// The numbers of an update.
#[derive(Debug, Clone, Copy)]
struct Pace {
    readiness_period: Duration,
    drain_delay: Duration,
    grace_period: Duration,
    max_skew: Duration,
}

impl Pace {
    /// The numbers of the manifest and of the facts of a service.
    fn of(name: &str) -> Self {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        let folder = match name {
            "bff" | "media-worker" => name.to_owned(),
            name => format!("{name}-service"),
        };
        let read = |path: String| std::fs::read_to_string(deploy.join(path)).unwrap();
        let manifest = read(format!("kubernetes/base/{folder}/deployment.yaml"));
        let facts = read(format!("facts/{name}.json"));
        assert!(manifest.contains("maxUnavailable: 0"), "{manifest}");
        assert!(!manifest.contains("preStop:"), "the stop waits by itself");
        let (_, readiness) = manifest.split_once("readinessProbe:").unwrap();
        Self {
            readiness_period: Duration::from_secs(number(readiness, "periodSeconds: ")),
            drain_delay: Duration::from_millis(number(&facts, "\"drain_delay_ms\": ")),
            grace_period: Duration::from_secs(number(&manifest, "terminationGracePeriodSeconds: ")),
            max_skew: MAX_SKEW,
        }
    }

    /// Returns shorter numbers. Most of the drain delay is left after the maximum skew, because a
    /// busy machine delays this test.
    fn short(self) -> Self {
        Self {
            readiness_period: self.readiness_period / 5,
            max_skew: self.max_skew / 5,
            ..self
        }
    }
}

/// Returns the number after a key.
fn number(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap();
    let end = rest.find(|letter: char| !letter.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().unwrap()
}

/// Pods of a service: a place for each, and one for the pod that an update adds.
struct Pods {
    name: &'static str,
    running: Vec<usize>,
    free: usize,
}

impl Pods {
    fn addresses(&self, cluster: &Cluster, place: usize) -> Addresses {
        cluster.addresses[self.name][place]
    }

    fn add(&self, cluster: &Cluster, place: usize) {
        for balancer in &cluster.balancers[self.name] {
            balancer.add(&self.addresses(cluster, place));
        }
    }

    /// Replaces each pod. The balancers forget an old pod after a part of the maximum skew, which
    /// grows from pod to pod.
    async fn update(&mut self, cluster: &mut Cluster, pace: Pace) {
        let pods = u32::try_from(self.running.len()).unwrap();
        for step in 0..pods {
            let skew = pace.max_skew * step / (pods - 1);
            let (old, new) = (self.running.remove(0), self.free);
            cluster.services.get_mut(self.name).unwrap()[new]
                .begin()
                .unwrap();
            let begun = Instant::now();
            while !cluster.services[self.name][new].is_ready() {
                assert!(
                    begun.elapsed() < crate::eventually::TIMEOUT,
                    "{}",
                    self.name
                );
                tokio::time::sleep(pace.readiness_period).await;
            }
            self.add(cluster, new);
            self.running.push(new);

            let signaled = Instant::now();
            cluster.services[self.name][old].request_stop();
            tokio::time::sleep(skew).await;
            let addresses = self.addresses(cluster, old);
            for balancer in &cluster.balancers[self.name] {
                balancer.remove(&addresses);
            }
            let process = &mut cluster.services.get_mut(self.name).unwrap()[old];
            while process.is_running() {
                assert!(
                    signaled.elapsed() < pace.grace_period,
                    "{} would be killed: {}",
                    self.name,
                    process.log().unwrap()
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(signaled.elapsed() >= pace.drain_delay, "{}", self.name);
            self.free = old;
        }
    }
}

/// Updates services under the load of these clients, until this many requests have a response.
/// Returns the number of requests.
async fn update_under_load(
    names: &[&'static str],
    pace: fn(&str) -> Pace,
    clients: usize,
    requests: usize,
) -> Option<usize> {
    let replicas = |name: &str| if names.contains(&name) { PODS + 1 } else { 1 };
    let delay = pace("bff").drain_delay.as_millis();
    let delay = format!("{delay}ms");
    let keys = SERVICES.map(|(_, prefix)| format!("{prefix}__LIFECYCLE__DRAIN_DELAY"));
    let variables: Vec<_> = keys.iter().map(|key| (key.as_str(), &*delay)).collect();
    let mut cluster = Cluster::prepare_each(&variables, replicas, true).await?;
    let mut all = Vec::new();
    for (name, _) in SERVICES {
        let started = if names.contains(&name) { PODS } else { 1 };
        for place in 0..started {
            let server = &mut cluster.services.get_mut(name).unwrap()[place];
            server.start().unwrap();
        }
        if names.contains(&name) {
            let pods = Pods {
                name,
                running: (0..PODS).collect(),
                free: PODS,
            };
            (0..PODS).for_each(|place| pods.add(&cluster, place));
            all.push(pods);
        }
    }
    let gateway = cluster.gateway.clone();
    let host = gateway.register("host").await;
    let id = host.publish("Always there", 0).await;
    let first = gateway.register("first").await.join(&id, "k").await;
    assert_eq!(first.status, 200);
    let load = Load::start(&gateway, &cluster.secret, &id, clients);
    let (mut sent, mut failed) = (0, Vec::new());
    while sent < requests {
        for pods in &mut all {
            let pace = pace(pods.name);
            pods.update(&mut cluster, pace).await;
            for ((request, result), count) in load.take_results() {
                // A page is a view whose parts are complete.
                sent += if request == "page" { 0 } else { count };
                if result != "200" && result != "complete" {
                    failed.push(format!(
                        "{}: {request} was {result} {count} times",
                        pods.name
                    ));
                }
            }
        }
        eprintln!("{sent} requests, {} kinds of failures", failed.len());
    }
    let joined = load.stop().await + 1;
    assert!(failed.is_empty(), "{sent} requests: {failed:#?}");
    host.wait_for_view(&id, |view| view["event"]["active_participants"] == joined)
        .await;
    Some(sent)
}

#[test]
fn manifest_of_each_service_waits_for_the_skew_life_4() {
    for (name, _) in SERVICES {
        let pace = Pace::of(name);
        assert!(pace.drain_delay > pace.max_skew, "{name}: {pace:?}");
        assert!(pace.grace_period > pace.drain_delay, "{name}: {pace:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_update_of_gateway_and_join_loses_no_request_life_4() {
    let pace = |name: &str| Pace::of(name).short();
    if let Some(sent) = update_under_load(&["bff", "join"], pace, 1, 1).await {
        assert!(sent > 100, "{sent} requests are too few");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes and needs an idle machine"]
async fn rolling_updates_lose_none_of_100_000_requests_life_4() {
    let names = SERVICES.map(|(name, _)| name);
    if let Some(sent) = update_under_load(&names, Pace::of, CLIENTS, REQUESTS).await {
        assert!(sent >= REQUESTS);
    }
}
