//! Each derived value changes the files in which it belongs.

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::{Dependency, Facts};

use crate::sample::{facts, join, overlay, repository};

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
        "bounds of a histogram",
        |it| {
            it.metrics
                .iter_mut()
                .for_each(|it| it.bounds = vec![0.7, 7.0])
        },
        RULES,
        "le=\"0.7\"",
    ),
    // `/metrics` has the label `1.0`, and another form selects no series.
    mutation(
        "whole bound of a histogram",
        |it| {
            it.metrics
                .iter_mut()
                .for_each(|it| it.bounds = vec![1.0, 7.0])
        },
        RULES,
        "_bucket{job=\"join-service\", le=\"1.0\"}",
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
        "new_http_requests_total{job=\\\"join-service\\\"}",
    ),
];

fn files(facts: Facts) -> Files {
    render(&[facts], &Overlay::default()).unwrap()
}

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

/// Returns the names of the objects of a kind.
fn names<'a>(files: &'a Files, kind: &str) -> Vec<&'a str> {
    let texts = files
        .iter()
        .filter(|(path, _)| path.starts_with("kubernetes/base/"));
    let objects = texts.flat_map(|(_, text)| text.split("\n---\n"));
    let named = objects.filter(|text| text.contains(&format!("kind: {kind}\n")));
    named
        .filter_map(|text| {
            let (_, name) = text.split_once("name: ")?;
            name.split([',', '\n', '}']).next()
        })
        .collect()
}

/// A rollback applies an earlier pod template, and its ConfigMap must still have the same settings.
#[test]
fn changed_settings_rename_config_map_and_job_ship_3() {
    let before = files(join());
    let mut facts = join();
    let value = facts
        .values
        .insert("waitlist.max_length".to_owned(), 7.into());
    assert!(value.is_none());
    let after = files(facts);
    let mut used = Vec::new();
    for files in [&before, &after] {
        let known = names(files, "ConfigMap").into_iter();
        let name = known.last().unwrap();
        assert!(name.starts_with("join-service-"), "{name}");
        let reference = format!("configMap: {{name: {name}}}");
        for file in ["deployment.yaml", "migrate.yaml"] {
            let text = &files[&format!("kubernetes/base/join-service/{file}")];
            assert!(text.contains(&reference), "{reference}: {text}");
        }
        used.push((name, names(files, "Job")[0]));
    }
    assert!(used[0].0 != used[1].0 && used[0].1 != used[1].1, "{used:?}");
    assert_eq!(names(&before, "Deployment"), names(&after, "Deployment"));
    assert_eq!(before, files(join()));
}

#[test]
fn changed_pod_renames_job_within_length_limit_ship_3() {
    let job = |change: fn(&mut Facts), overlay: &str| {
        let mut facts = join();
        change(&mut facts);
        let files = render(&[facts], &Overlay::read(overlay).unwrap()).unwrap();
        names(&files, "Job")[0].to_owned()
    };
    let usage = "[usage.join-service]\ncpu_millicores = 999\nmemory_mib = 999\n";
    assert_ne!(job(|_| (), ""), job(|_| (), usage));
    let long = job(
        |it| it.version = "10.20.30-beta.4+build.5678".to_owned(),
        "",
    );
    assert!(long.len() <= 63, "{long}");
}

#[test]
fn rules_are_rendered_as_prometheus_rule_object_obs_9() {
    let files = files(join());
    let object = &files["kubernetes/base/join-service/rules.yaml"];
    assert!(object.contains("kind: PrometheusRule\n"), "{object}");
    let (_, groups) = files[RULES].split_once("groups:\n").unwrap();
    let rules = groups.lines().map(|line| format!("  {line}\n"));
    let spec: String = ["spec:\n  groups:\n".to_owned()]
        .into_iter()
        .chain(rules)
        .collect();
    assert!(object.ends_with(&spec), "{object}");
    let list = &files["kubernetes/base/join-service/kustomization.yaml"];
    assert!(list.contains("rules.yaml"), "{list}");
}

/// Health checks are most of the calls of a quiet service, and a stop ends each `Watch` with an
/// error.
#[test]
fn error_budget_has_both_transports_without_probes_obs_9() {
    let rules = files(join())[RULES].clone();
    for objective in ["availability", "latency"] {
        for transport in ["http", "grpc"] {
            let label = format!("slo: {transport}_{objective}}}");
            assert!(rules.contains(&label), "{label}: {rules}");
        }
    }
    let of_grpc = rules.lines().filter(|line| line.contains("_grpc_request"));
    let mut selectors = of_grpc.flat_map(|line| line.split("_grpc_request").skip(1));
    assert!(rules.contains("_grpc_request_duration_seconds_bucket{job="));
    assert!(
        selectors.all(|selector| {
            let (selector, _) = selector.split_once(']').unwrap();
            selector.contains(r#"service!="grpc.health.v1.Health"}"#)
        }),
        "{rules}"
    );
    let mut without = join();
    without.listeners.retain(|listener| listener.name != "grpc");
    assert!(!files(without)[RULES].contains("slo: grpc_"));
}

/// The sidecar of Grafana loads the ConfigMap only if it has this label and one JSON document.
#[test]
fn dashboards_are_rendered_for_the_sidecar_of_grafana_obs_9() {
    for deploy in crate::sample::platforms() {
        let platform = facts(&deploy);
        let files = render(&platform, &overlay(&deploy)).unwrap();
        for Facts { name, .. } in &platform {
            let folder = format!("kubernetes/base/{name}");
            let object = &files[&format!("{folder}/dashboard.yaml")];
            assert!(object.contains("\nkind: ConfigMap\n"), "{object}");
            assert!(object.contains("grafana_dashboard: \"1\""), "{object}");
            let (_, block) = object.split_once(&format!("  {name}.json: |\n")).unwrap();
            let lines = block.lines().map(|line| line.strip_prefix("    ").unwrap());
            let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
            assert_eq!(lines, files[&format!("grafana/{name}.json")]);
            let list = &files[&format!("{folder}/kustomization.yaml")];
            assert!(list.contains("dashboard.yaml"), "{list}");
        }
    }
}

/// Operators delete ConfigMaps of earlier settings by the name label of the service.
#[test]
fn dashboard_is_not_among_the_settings_of_a_service_ship_3() {
    let files = files(join());
    for (file, name) in [
        ("prerequisites", "join-service}"),
        ("dashboard", "join-service-dashboard,"),
    ] {
        let text = &files[&format!("kubernetes/base/join-service/{file}.yaml")];
        let label = format!("labels: {{app.kubernetes.io/name: {name}");
        assert!(text.contains(&label), "{label}: {text}");
    }
}

/// Alertmanager cannot open a relative path as a link.
#[test]
fn platform_alerts_link_to_runbooks_by_url_obs_9() {
    for deploy in crate::sample::platforms() {
        let files = render(&facts(&deploy), &overlay(&deploy)).unwrap();
        let rules = files
            .iter()
            .filter(|(path, _)| path.ends_with(".rules.yaml"));
        for (path, text) in rules {
            let mut addresses = text.split("runbook_url: ").skip(1).peekable();
            assert!(addresses.peek().is_some(), "{path}");
            for address in addresses {
                let address = address.trim_start_matches('"');
                assert!(address.starts_with("https://"), "{path}: {address:.60}");
            }
        }
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
fn unknown_address_of_a_secret_is_refused_ship_3() {
    let mut facts = join();
    facts.dependencies.push(Dependency {
        setting: "rate_limit.redis.address".to_owned(),
        scheme: None,
        host: None,
        port: None,
    });
    let error = render(&[facts.clone()], &Overlay::default()).unwrap_err();
    assert!(
        error.to_string().contains("[addresses.join-service]"),
        "{error}"
    );
    let overlay = "[addresses.join-service]\n\"rate_limit.redis.address\" = \"redis:6380\"\n";
    let files = render(&[facts], &Overlay::read(overlay).unwrap()).unwrap();
    assert!(files[NETWORK].contains("port: 6380"));
}

#[test]
fn callers_match_by_the_name_of_the_service_ship_3() {
    let deploy = repository().join("platforms/tutoring/deploy");
    let facts = facts(&deploy);
    let files = render(&facts, &overlay(&deploy)).unwrap();
    let policy = |name: &str| &files[&format!("kubernetes/base/{name}/network.yaml")];
    let pods =
        |name: &str| format!("{{podSelector: {{matchLabels: {{seaworthy.dev/network: {name}}}}}}}");
    let gateway = "tutoring-gateway";
    assert!(facts.len() > 10);
    for service in facts.iter().filter(|service| service.name != gateway) {
        let name = &service.name;
        let (ingress, _) = policy(name).split_once("  egress:\n").unwrap();
        assert!(ingress.contains(&pods(gateway)), "{name}: {ingress}");
        let (_, egress) = policy(gateway).split_once("  egress:\n").unwrap();
        assert!(egress.contains(&pods(name)), "{name}: {egress}");
    }
    // The authentication service does not call the profiles of students.
    let (ingress, _) = policy("tutoring-student")
        .split_once("  egress:\n")
        .unwrap();
    assert!(!ingress.contains("tutoring-student-auth"), "{ingress}");
}

#[test]
fn resources_follow_the_measured_use_ship_3() {
    let resources = |overlay: &str| {
        let files = render(&[join()], &Overlay::read(overlay).unwrap()).unwrap();
        ["deployment.yaml", "migrate.yaml"].map(|file| {
            let text = &files[&format!("kubernetes/base/join-service/{file}")];
            let (_, requests) = text.split_once("requests: {").unwrap();
            let (_, limits) = text.split_once("limits: {").unwrap();
            [requests, limits].map(|text| text.split_once(", ephemeral").unwrap().0.to_owned())
        })
    };
    let pair = |requests: &str, limits: &str| {
        let both = [requests.to_owned(), limits.to_owned()];
        [both.clone(), both]
    };
    assert_eq!(
        resources(""),
        pair(r#"cpu: "100m", memory: "128Mi""#, r#"memory: "256Mi""#)
    );
    // 200 is 70 % of 286. 130 MiB and a quarter are 162.5 MiB.
    assert_eq!(
        resources("[usage.join-service]\ncpu_millicores = 200\nmemory_mib = 130\n"),
        pair(r#"cpu: "290m", memory: "176Mi""#, r#"memory: "352Mi""#)
    );
    assert_eq!(
        resources("[usage.other]\ncpu_millicores = 200\nmemory_mib = 130\n"),
        resources("")
    );
}

#[test]
fn loopback_listener_is_refused_ship_3() {
    let mut facts = join();
    facts.listeners[0].ip = "127.0.0.1".to_owned();
    let error = render(&[facts], &Overlay::default()).unwrap_err();
    assert!(
        error.to_string().contains("server.http.addr=0.0.0.0:"),
        "{error}"
    );
}
