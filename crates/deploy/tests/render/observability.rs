//! Prometheus, Grafana, Jaeger and the collector beside the compose file of a platform.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use seaworthy_testkit::{compose::Compose, requirement::required};
use serde_json::Value;

use crate::sample::{facts, platforms};

/// The platforms that run with Docker Compose.
fn composed() -> Vec<PathBuf> {
    let folders = platforms().into_iter();
    let folders = folders.map(|deploy| deploy.join("..").canonicalize().unwrap());
    let composed: Vec<_> = folders
        .filter(|platform| platform.join("compose.yaml").exists())
        .collect();
    assert_eq!(composed.len(), platforms().len());
    composed
}

fn tools(platform: &Path) -> Compose {
    Compose::read(&platform.join("compose.observability.yaml"))
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Returns the admin address of each service in its network, such as `join:9183`.
fn admin_addresses(platform: &Path) -> BTreeSet<String> {
    let compose = Compose::read(&platform.join("compose.yaml"));
    let services = compose.services().into_iter();
    let own = services
        .filter(|(_, service)| service.get("build").is_some() && service["restart"] != "no");
    own.map(|(name, service)| {
        let environment = service["environment"].as_object().unwrap();
        let mut addresses = environment.iter();
        let (_, address) = addresses
            .find(|(key, _)| key.ends_with("__ADMIN__ADDR"))
            .unwrap_or_else(|| panic!("{name} has no admin address"));
        let port = address.as_str().unwrap().strip_prefix("0.0.0.0:");
        format!("{name}:{}", port.unwrap())
    })
    .collect()
}

#[test]
fn compose_scrapes_every_service_with_its_rules_obs_9() {
    for platform in composed() {
        let config = platform.join("compose/observability/prometheus.yaml");
        let config = Compose::read(&config).root().clone();
        let jobs = config["scrape_configs"].as_array().unwrap().iter();
        let jobs: BTreeMap<_, _> = jobs
            .map(|job| (job["job_name"].as_str().unwrap(), job))
            .filter(|(name, _)| *name != "prometheus")
            .collect();
        let facts = facts(&platform.join("deploy"));
        let names: BTreeSet<_> = facts.iter().map(|facts| facts.name.as_str()).collect();
        assert_eq!(jobs.keys().copied().collect::<BTreeSet<_>>(), names);
        let targets = jobs.values();
        let targets: BTreeSet<_> = targets
            .flat_map(|job| texts(&job["static_configs"][0]["targets"]))
            .map(str::to_owned)
            .collect();
        assert_eq!(targets, admin_addresses(&platform));

        let prometheus = tools(&platform).services()["prometheus"].clone();
        let mounts: Vec<_> = texts(&prometheus["volumes"]).collect();
        assert!(
            mounts.contains(&"./deploy/prometheus:/etc/prometheus/rules:ro"),
            "{mounts:?}"
        );
        for mount in mounts.iter().filter(|mount| mount.starts_with("./")) {
            let source = mount.split(':').next().unwrap();
            assert!(platform.join(source).exists(), "{source}");
        }
    }
}

#[test]
fn development_ports_are_published_on_loopback_ship_2() {
    for platform in composed() {
        let known = Compose::read(&platform.join("compose.yaml")).services();
        let development = Compose::read(&platform.join("compose.development.yaml"));
        let mut published = BTreeSet::new();
        for (name, service) in development.services() {
            assert!(known.contains_key(&name), "{name}");
            assert!(texts(&service["networks"]).eq(["development"]), "{name}");
            for port in texts(&service["ports"]) {
                let port = port.strip_prefix("127.0.0.1:").unwrap();
                let (outside, inside) = port.split_once(':').unwrap();
                assert_eq!(outside, inside, "{name}");
                assert!(published.insert(format!("{name}:{inside}")), "{name}");
            }
            let environment = service.get("environment").and_then(Value::as_object);
            for key in environment
                .into_iter()
                .flat_map(|variables| variables.keys())
            {
                let (service_prefix, _) = key.split_once("__").unwrap();
                let admin = format!("{service_prefix}__ADMIN__ADDR");
                assert!(known[&name]["environment"].get(admin).is_some(), "{key}");
            }
        }
        let admins = admin_addresses(&platform);
        let missing: Vec<_> = admins.difference(&published).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[test]
fn promtool_accepts_the_settings_of_compose_obs_9() {
    let Some(promtool) = required("SEAWORTHY_TEST_PROMTOOL") else {
        return;
    };
    for platform in composed() {
        let config = platform.join("compose/observability/prometheus.yaml");
        let ended = Command::new(&promtool)
            .args(["check", "config"])
            .arg(config)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

#[test]
fn tools_are_restricted_and_reach_every_service_ship_2() {
    for platform in composed() {
        let tools = tools(&platform).services();
        for address in admin_addresses(&platform) {
            let (name, _) = address.split_once(':').unwrap();
            let service = &tools[name];
            assert!(texts(&service["networks"]).any(|network| network == "monitoring"));
            let environment = service["environment"].as_object().unwrap();
            let sends = environment.iter().any(|(key, value)| {
                key.ends_with("__TRACING__ENDPOINT") && value == "http://collector:4318"
            });
            assert!(sends, "{name} sends no spans");
        }
        for name in ["prometheus", "grafana", "jaeger", "collector"] {
            let tool = &tools[name];
            assert_eq!(tool["read_only"], true, "{name}");
            assert!(texts(&tool["cap_drop"]).eq(["ALL"]), "{name}");
            assert!(!tool["user"].as_str().unwrap().starts_with('0'), "{name}");
            assert!(
                tool.pointer("/deploy/resources/limits/memory").is_some(),
                "{name}"
            );
            let published = texts(&tool["ports"]).all(|port| port.starts_with("127.0.0.1:"));
            assert!(published, "{name}");
            let image = tool["image"].as_str().unwrap();
            assert!(image.split_once(':').unwrap().1.contains('.'), "{image}");
        }
    }
}
