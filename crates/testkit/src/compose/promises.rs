use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Compose;

/// The lowest user ID that is not root.
const MIN_USER: u32 = 1;
/// The loopback address: only the same machine can reach a port that is published there.
const OWN_MACHINE: &str = "127.0.0.1:";
/// An address that other containers can reach.
const EVERY_ADDRESS: &str = "0.0.0.0:";
/// The prefix of a secret reference in a setting.
const SECRET: &str = "file:/run/secrets/";

impl Compose {
    /// Returns the rules of SHIP-1 and SHIP-2 that this compose file violates.
    ///
    /// Containers are restricted, checked and limited. Other containers reach the metrics of each
    /// service. Stores and inner services publish no port, and other services publish on loopback
    /// only. Each secret, network, service and port that a
    /// service names exists. `own` are the services whose images are built here.
    #[must_use]
    pub fn violations(&self, own: &[&str]) -> Vec<String> {
        let services = self.services();
        let mut violations: Vec<String> = own
            .iter()
            .filter(|name| !services.contains_key(**name))
            .map(|name| format!("{name} is not started"))
            .collect();
        for (name, service) in &services {
            let found = self.violations_of(name, service, &services);
            violations.extend(found.into_iter().map(|breach| format!("{name} {breach}")));
        }
        violations
    }

    fn violations_of(&self, name: &str, service: &Value, all: &Map<String, Value>) -> Vec<String> {
        let mut violations = Vec::new();
        let mut promise = |kept: bool, breach: &str| {
            if !kept {
                violations.push(breach.to_owned());
            }
        };
        promise(service["read_only"] == true, "may write to its image");
        promise(
            texts(&service["cap_drop"]).any(|text| text == "ALL"),
            "keeps capabilities",
        );
        promise(
            texts(&service["security_opt"]).any(|text| text == "no-new-privileges:true"),
            "may gain privileges",
        );
        promise(user(service) >= MIN_USER, "runs as root");
        promise(service.get("privileged").is_none(), "is privileged");
        promise(
            service
                .pointer("/deploy/resources/limits/memory")
                .is_some_and(Value::is_string),
            "has no limit of memory",
        );
        promise(
            texts(&service["ports"]).all(|port| port.starts_with(OWN_MACHINE)),
            "is published beyond this machine",
        );
        let is_store = service.get("build").is_none();
        promise(
            !is_store || texts(&service["ports"]).next().is_none(),
            "is a store and published",
        );
        // Images that are built here have their own health check.
        promise(
            !is_store || service.get("healthcheck").is_some(),
            "is not checked",
        );
        let image = service["image"].as_str().unwrap_or_default();
        let is_pinned = image
            .split_once(':')
            .is_some_and(|(_, tag)| tag.contains('.'));
        promise(!is_store || is_pinned, "has an image without a version");
        let is_step = service["restart"] == "no";
        promise(
            is_store || is_step || has_reachable_admin_listener(service),
            "has no admin listener that other containers reach, so nothing can scrape its metrics",
        );
        violations.extend(self.unknown(service, all));
        violations.extend(self.unreachable(name, service, all));
        violations
    }

    /// Returns the names that a service uses and the file does not declare.
    fn unknown(&self, service: &Value, all: &Map<String, Value>) -> Vec<String> {
        let declared = |part: &str, name: &str| self.root()[part].get(name).is_some();
        let secrets = names(&service["secrets"]);
        let mut unknown: Vec<String> = secrets
            .iter()
            .filter(|name| !declared("secrets", name))
            .map(|name| format!("gets the secret {name}, which is not declared"))
            .collect();
        let networks = names(&service["networks"]).into_iter();
        let networks = networks.filter(|name| !declared("networks", name));
        unknown.extend(
            networks.map(|name| format!("is in the network {name}, which is not declared")),
        );
        let others = service["depends_on"].as_object();
        for (other, needed) in others.into_iter().flatten() {
            match all.get(other) {
                None => unknown.push(format!("waits for {other}, which is not started")),
                Some(other_service) => {
                    let is_waited_for = needed["condition"].is_string();
                    let disabled = other_service.pointer("/healthcheck/disable");
                    let is_checked = disabled != Some(&Value::Bool(true));
                    let needs_check = needed["condition"] == "service_healthy";
                    if !is_waited_for || (needs_check && !is_checked) {
                        unknown.push(format!("does not wait until {other} is ready"));
                    }
                }
            }
        }
        for (variable, value) in variables(service) {
            if let Some(secret) = value.strip_prefix(SECRET)
                && !secrets.iter().any(|known| known == secret)
            {
                unknown.push(format!(
                    "uses the secret {secret} ({variable}), but does not mount it"
                ));
            }
        }
        unknown
    }

    /// Returns addresses of other services that do not listen there, or do not share a network.
    fn unreachable(&self, name: &str, service: &Value, all: &Map<String, Value>) -> Vec<String> {
        let mut unreachable = Vec::new();
        // A job that runs before the start needs only its stores.
        if service["restart"] == "no" {
            return unreachable;
        }
        let own = names(&service["networks"]);
        for (variable, value) in variables(service) {
            let Some((_, rest)) = value.split_once("://") else {
                continue;
            };
            let authority = rest.split(['/', '?']).next().unwrap_or_default();
            let address = authority.rsplit('@').next().unwrap_or_default();
            let (host, port) = address.split_once(':').unwrap_or((address, ""));
            let Some(other) = all.get(host) else {
                if host != "127.0.0.1" {
                    unreachable.push(format!(
                        "is led to {host} ({variable}), which is not started"
                    ));
                }
                continue;
            };
            let theirs = names(&other["networks"]);
            if !own.iter().any(|network| theirs.contains(network)) {
                unreachable.push(format!("cannot reach {host} ({variable})"));
            }
            let listens = variables(other).iter().any(|(variable, value)| {
                variable.ends_with("__ADDR") && value.ends_with(&format!(":{port}"))
            });
            if !port.is_empty() && !listens {
                unreachable.push(format!(
                    "connects to {host} at {port} ({variable}), which has no listener"
                ));
            }
        }
        let published = texts(&service["ports"]);
        for port in published {
            let inner = port.rsplit(':').next().unwrap_or_default();
            let listens = variables(service).iter().any(|(variable, value)| {
                variable.ends_with("__ADDR") && value.ends_with(&format!(":{inner}"))
            });
            if !listens {
                unreachable.push(format!(
                    "is published at {port}, and {name} does not listen there"
                ));
            }
        }
        unreachable
    }
}

/// The default address of the admin listener is loopback, which is the container itself.
fn has_reachable_admin_listener(service: &Value) -> bool {
    variables(service).iter().any(|(variable, value)| {
        variable.ends_with("__ADMIN__ADDR") && value.starts_with(EVERY_ADDRESS)
    })
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Returns names, which a file writes in the short or in the long form.
fn names(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    let name = |item: &Value| item.as_str().or(item["source"].as_str()).map(str::to_owned);
    items.filter_map(name).collect()
}

fn variables(service: &Value) -> BTreeMap<String, String> {
    let variables = service["environment"].as_object().into_iter().flatten();
    variables
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        })
        .collect()
}

fn user(service: &Value) -> u32 {
    let user = service["user"].as_str().unwrap_or_default();
    let number = user.split(':').next().unwrap_or_default();
    number.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
services:
  store:
    image: store:1.2
    user: "7:7"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    networks: [inner]
    healthcheck: { test: [CMD, ready] }
    deploy: { resources: { limits: { memory: 64M } } }
  own:
    build: .
    user: "7:7"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    networks: [inner]
    secrets: [key]
    ports: ["127.0.0.1:80:8080"]
    environment: { OWN__HTTP__ADDR: "0.0.0.0:8080", OWN__ADMIN__ADDR: "0.0.0.0:9090", OWN__URL: "store://user@store/name", OWN__KEY: "file:/run/secrets/key" }
    depends_on: { store: { condition: service_healthy } }
    deploy: { resources: { limits: { memory: 64M } } }
networks: { inner: {} }
secrets: { key: { file: ./key } }
"#;

    fn violations(text: &str) -> Vec<String> {
        Compose::parse(text)
            .map_or_else(|error| vec![error], |compose| compose.violations(&["own"]))
    }

    #[test]
    fn every_violation_of_a_compose_file_is_named_ship_2() {
        assert_eq!(violations(SOUND), Vec::<String>::new());
        for (from, to, expected) in [
            ("  own:", "  other:", "own is not started"),
            (
                "OWN__ADMIN__ADDR: \"0.0.0.0:9090\",",
                "",
                "own has no admin listener that other containers reach, so nothing can scrape its metrics",
            ),
            (
                "read_only: true",
                "read_only: false",
                "store may write to its image",
            ),
            (
                "cap_drop: [ALL]",
                "cap_drop: []",
                "store keeps capabilities",
            ),
            ("no-new-privileges:true", "x", "store may gain privileges"),
            ("user: \"7:7\"", "user: \"0\"", "store runs as root"),
            ("memory: 64M", "x: 1", "store has no limit of memory"),
            ("127.0.0.1:80", "80", "own is published beyond this machine"),
            (
                "networks: [inner]\n    healthcheck",
                "ports: [\"127.0.0.1:1:1\"]\n    networks: [inner]\n    healthcheck",
                "store is a store and published",
            ),
            (
                "healthcheck: { test: [CMD, ready] }",
                "x: 1",
                "store is not checked",
            ),
            (
                "store:1.2",
                "store:latest",
                "store has an image without a version",
            ),
            (
                "secrets: { key",
                "secrets: { other",
                "own gets the secret key, which is not declared",
            ),
            (
                "networks: { inner",
                "networks: { other",
                "store is in the network inner, which is not declared",
            ),
            (
                "depends_on: { store",
                "depends_on: { other",
                "own waits for other, which is not started",
            ),
            (
                "condition: service_healthy",
                "x: 1",
                "own does not wait until store is ready",
            ),
            (
                "secrets: [key]",
                "secrets: []",
                "own uses the secret key (OWN__KEY), but does not mount it",
            ),
            (
                "user@store/",
                "user@other/",
                "own is led to other (OWN__URL), which is not started",
            ),
            (
                "user@store/",
                "user@store:7/",
                "own connects to store at 7 (OWN__URL), which has no listener",
            ),
            (
                "80:8080",
                "80:8081",
                "own is published at 127.0.0.1:80:8081, and own does not listen there",
            ),
        ] {
            let found = violations(&SOUND.replacen(from, to, 1));
            assert!(
                found.iter().any(|breach| breach == expected),
                "{expected}: {found:?}"
            );
        }
    }
}
