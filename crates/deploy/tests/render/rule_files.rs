//! The rendered rules and dashboards, and the objects that contain them.

use seaworthy_deploy::{Overlay, render};
use seaworthy_facts::Facts;

use crate::sample::{facts, files, join, overlay, platforms};

const RULES: &str = "prometheus/join-service.rules.yaml";

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
    for deploy in platforms() {
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

/// Alertmanager cannot open a relative path as a link.
#[test]
fn platform_alerts_link_to_runbooks_by_url_obs_9() {
    for deploy in platforms() {
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
fn latency_that_no_bucket_measures_is_rejected_obs_9() {
    for seconds in ["20.0", "0.3", "-1.0", "nan"] {
        let overlay = Overlay::read(&format!("latency_seconds = {seconds}")).unwrap();
        let error = render(&[join()], &overlay).unwrap_err().to_string();
        assert!(
            error.contains("latency_seconds") && error.contains("0.25, 0.5, 1, 2.5"),
            "{error}"
        );
    }
    // `/metrics` has the label `1.0`, and another form selects no series.
    for seconds in ["0.25", "1.0"] {
        let overlay = Overlay::read(&format!("latency_seconds = {seconds}")).unwrap();
        let rules = &render(&[join()], &overlay).unwrap()[RULES];
        let selector = format!("_bucket{{job=\"join-service\", le=\"{seconds}\"}}");
        assert!(rules.contains(&selector), "{rules}");
    }
}

#[test]
fn bounds_of_a_histogram_limit_the_latency_obs_9() {
    let mut facts = join();
    for metric in &mut facts.metrics {
        metric.bounds = vec![0.7, 7.0];
    }
    let overlay = Overlay::read("latency_seconds = 0.7").unwrap();
    let rules = &render(&[facts], &overlay).unwrap()[RULES];
    assert!(rules.contains("le=\"0.7\""), "{rules}");
}

/// Without `namespace` in the rules, staging hides a fault of production in the same Prometheus.
#[test]
fn rules_keep_the_namespaces_apart_obs_9() {
    for deploy in platforms() {
        let files = render(&facts(&deploy), &overlay(&deploy)).unwrap();
        let rules = files
            .iter()
            .filter(|(name, _)| name.ends_with(".rules.yaml"));
        let lines = rules.flat_map(|(_, text)| text.lines());
        for line in lines.filter(|line| line.trim_start().starts_with("expr: ")) {
            for aggregation in ["sum", "min", "max"] {
                let uses = line.match_indices(aggregation).map(|(at, _)| &line[at..]);
                let mut uses = uses.filter_map(|text| {
                    let rest = text.strip_prefix(aggregation)?;
                    rest.starts_with([' ', '(']).then_some(rest)
                });
                assert!(
                    uses.all(|rest| rest.starts_with(" by (namespace")),
                    "{line}"
                );
            }
        }
    }
}

/// With the metric of all namespaces, an autoscaler adds pods for messages of other environments.
#[test]
fn autoscaler_reads_the_queue_of_its_namespace_ship_2() {
    let adapter = files(join())["prometheus/adapter.yaml"].clone();
    assert!(!adapter.contains("namespaced: false"), "{adapter}");
    assert!(
        adapter.contains("overrides: {namespace: {resource: namespace}}"),
        "{adapter}"
    );
}
