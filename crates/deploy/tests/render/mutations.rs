//! Each derived value changes the files in which it belongs.

use seaworthy_facts::{Dependency, Facts};

use crate::sample::{files, join};

/// A changed fact.
struct Mutation {
    name: &'static str,
    change: fn(&mut Facts),
    /// A text that the changed file contains, and the file.
    text: &'static str,
    file: &'static str,
}

const DEPLOYMENT: &str = "kubernetes/base/join-service/deployment.yaml";
const SETTINGS: &str = "kubernetes/base/join-service/prerequisites.yaml";
const NETWORK: &str = "kubernetes/base/join-service/network.yaml";
const MONITOR: &str = "kubernetes/base/join-service/monitor.yaml";
const RULES: &str = "prometheus/join-service.rules.yaml";

const fn mutation(
    name: &'static str,
    change: fn(&mut Facts),
    file: &'static str,
    text: &'static str,
) -> Mutation {
    Mutation {
        name,
        change,
        text,
        file,
    }
}

fn port(facts: &mut Facts, listener: &str, port: u16) {
    let mut listeners = facts.listeners.iter_mut();
    listeners.find(|known| known.name == listener).unwrap().port = port;
}

fn without_metric(facts: &mut Facts, name: &str) {
    let prefix = facts.metric_prefix.clone();
    facts
        .metrics
        .retain(|metric| metric.name != format!("{prefix}{name}"));
}

fn outside(facts: &mut Facts, port: u16) {
    facts.dependencies.push(Dependency {
        setting: "clients.ledger.base_url".to_owned(),
        scheme: Some("https".to_owned()),
        host: Some("ledger.example.org".to_owned()),
        port: Some(port),
    });
}

const MUTATIONS: &[Mutation] = &[
    mutation(
        "http port",
        |it| port(it, "http", 7001),
        DEPLOYMENT,
        "containerPort: 7001",
    ),
    mutation(
        "http port of the policy",
        |it| port(it, "http", 7001),
        NETWORK,
        "port: 7001",
    ),
    mutation(
        "grpc port",
        |it| port(it, "grpc", 7002),
        DEPLOYMENT,
        "containerPort: 7002",
    ),
    mutation(
        "grpc port of the policy",
        |it| port(it, "grpc", 7002),
        NETWORK,
        "port: 7002",
    ),
    mutation(
        "admin port",
        |it| port(it, "admin", 7003),
        DEPLOYMENT,
        "containerPort: 7003",
    ),
    mutation(
        "admin port of the metrics",
        |it| port(it, "admin", 7003),
        MONITOR,
        "port: 7003",
    ),
    mutation(
        "admin port of a runbook",
        |it| port(it, "admin", 7003),
        "runbooks/outbox-old.md",
        "127.0.0.1:7003/breakers",
    ),
    mutation(
        "path of a probe",
        |it| it.probes.ready.path = "/health".to_owned(),
        DEPLOYMENT,
        "path: /health",
    ),
    mutation(
        "listener of a probe",
        |it| it.probes.live.listener = "http".to_owned(),
        DEPLOYMENT,
        "livenessProbe:\n            httpGet: {path: /livez, port: http",
    ),
    mutation(
        "total timeout",
        |it| it.lifecycle.total_timeout_ms = 61_500,
        DEPLOYMENT,
        "terminationGracePeriodSeconds: 67",
    ),
    mutation(
        "connect timeout",
        |it| it.lifecycle.connect_timeout_ms = 90_000,
        DEPLOYMENT,
        "failureThreshold: 90",
    ),
    mutation("dependency", |it| outside(it, 8443), NETWORK, "port: 8443"),
    mutation(
        "grpc port of the headless Service",
        |it| port(it, "grpc", 7002),
        DEPLOYMENT,
        "join-service}\n  ports: [{name: grpc, port: 7002,",
    ),
    mutation(
        "TLS of a listener",
        |it| it.listeners.iter_mut().for_each(|it| it.tls = false),
        DEPLOYMENT,
        "appProtocol: kubernetes.io/h2c",
    ),
    mutation(
        "value of a setting",
        |it| drop(it.values.insert("waitlist.max_length".to_owned(), 7.into())),
        SETTINGS,
        "max_length: 7",
    ),
    mutation(
        "secret",
        |it| {
            drop(
                it.values
                    .insert("x.key".to_owned(), "file:/run/secrets/new-key".into()),
            )
        },
        DEPLOYMENT,
        "{key: new-key, path: new-key}",
    ),
    mutation(
        "secret in a variable",
        |it| drop(it.values.insert("x.key".to_owned(), "env:NEW_KEY".into())),
        DEPLOYMENT,
        "secretKeyRef: {name: join-service-secrets, key: NEW_KEY}",
    ),
    mutation(
        "profile",
        |it| it.profile = "staging".to_owned(),
        SETTINGS,
        "config.staging.yaml",
    ),
    mutation(
        "version",
        |it| it.version = "7.1.0".to_owned(),
        "kubernetes/base/join-service/migrate.yaml",
        "join-service-migrate-7-1-0",
    ),
    mutation(
        "worker",
        |it| {
            it.workers
                .iter_mut()
                .for_each(|it| it.max_gap_seconds = Some(777))
        },
        RULES,
        "> 2331",
    ),
    mutation(
        "prefix of metrics",
        |it| {
            let old = std::mem::replace(&mut it.metric_prefix, "new_".to_owned());
            for metric in &mut it.metrics {
                metric.name = metric.name.replacen(&old, "new_", 1);
            }
        },
        "grafana/join-service.json",
        "new_http_requests_total{job=\\\"join-service\\\", ",
    ),
];

#[test]
fn each_changed_fact_changes_its_file_ship_3() {
    let before = files(join());
    for Mutation {
        name,
        change,
        file,
        text,
    } in MUTATIONS
    {
        let mut facts = join();
        change(&mut facts);
        let after = files(facts);
        assert!(!before[*file].contains(text), "{name}: {}", before[*file]);
        assert!(after[*file].contains(text), "{name}: {}", after[*file]);
    }
}

#[test]
fn removed_metric_removes_its_alert_and_panel_obs_9() {
    let mut facts = join();
    without_metric(&mut facts, "outbox_oldest_message_seconds");
    let (before, after) = (files(join()), files(facts));
    assert!(before[RULES].contains("OutboxOld") && !after[RULES].contains("OutboxOld"));
    assert!(before.contains_key("runbooks/outbox-old.md"));
    assert!(!after.contains_key("runbooks/outbox-old.md"));
    let dashboard = "grafana/join-service.json";
    assert!(before[dashboard].contains("Age of the oldest event"));
    assert!(!after[dashboard].contains("Age of the oldest event"));
}

#[test]
fn autoscaler_reads_queues_of_consumers_only_ship_3() {
    let availability = "kubernetes/base/join-service/availability.yaml";
    let mut facts = join();
    let before = files(facts.clone());
    assert!(before[availability].contains(
        "metric: {name: seaworthy_consumer_lag, selector: {matchLabels: {job: join-service}}}"
    ));
    assert!(before[availability].contains("averageValue: \"1000\""));
    assert!(before[RULES].contains("record: seaworthy_consumer_lag"));
    assert!(before.contains_key("prometheus/adapter.yaml"));
    without_metric(&mut facts, "consumer_lag");
    let after = files(facts);
    assert!(!after[availability].contains("External"));
    assert!(!after[RULES].contains("seaworthy_consumer_lag"));
    assert!(!after.contains_key("prometheus/adapter.yaml"));
}

#[test]
fn removed_command_removes_its_job_and_triage_ship_3() {
    const JOB: &str = "kubernetes/base/join-service/migrate.yaml";
    const LIST: &str = "kubernetes/base/join-service/kustomization.yaml";
    const PAGE: &str = "runbooks/outbox-old.md";
    let mut facts = join();
    facts.commands.clear();
    let (before, after) = (files(join()), files(facts));
    assert!(before.contains_key(JOB) && !after.contains_key(JOB));
    assert!(before[LIST].contains("migrate.yaml") && !after[LIST].contains("migrate.yaml"));
    assert!(before[PAGE].contains("outbox status") && !after[PAGE].contains("outbox status"));
}
