use std::collections::BTreeSet;

use seaworthy_facts::{Dependency, Facts, Listener};

use super::{FIRST, NETWORK, in_wave, object};
use crate::{
    Overlay, RenderError,
    yaml::{Yaml, list, map},
};

pub(super) const COMMENT: &str = "\
Pods reach only the dependencies of the settings. A policy does not support host names, so a rule
for a server outside of this deployment has a port and no address: add its address in an overlay.
Label the namespaces of the ingress and of Prometheus as the rules below expect.";

/// The labels of namespaces whose pods may reach a service.
const INGRESS: &str = "seaworthy.dev/ingress";
const MONITORING: &str = "seaworthy.dev/monitoring";

/// Returns the policy of a service.
pub(super) fn objects(
    facts: &Facts,
    services: &[Facts],
    overlay: &Overlay,
) -> Result<Vec<Yaml>, RenderError> {
    let name = facts.name.as_str();
    let ingress = facts.listeners.iter().map(|listener| {
        let mut from = callers(facts, listener, services);
        match listener.name.as_str() {
            "admin" => from.push(namespaces(MONITORING)),
            "http" => from.push(namespaces(INGRESS)),
            _ if from.is_empty() => from.push(map([("podSelector", map([]))])),
            _ => {}
        }
        let port = map([("protocol", "TCP".into()), ("port", listener.port.into())]);
        map([("from", list(from)), ("ports", list([port]))])
    });
    let ingress: Vec<_> = ingress.collect();
    let mut egress = vec![dns()];
    egress.extend(destinations(facts, services, overlay)?);
    let spec = map([
        (
            "podSelector",
            map([("matchLabels", map([(NETWORK, name.into())]))]),
        ),
        ("policyTypes", list(["Ingress".into(), "Egress".into()])),
        ("ingress", list(ingress)),
        ("egress", list(egress)),
    ]);
    let policy = object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        name,
        vec![("spec", spec)],
    );
    Ok(vec![in_wave(policy, FIRST)])
}

fn namespaces(label: &str) -> Yaml {
    let labels = map([(label, "true".into())]);
    map([("namespaceSelector", map([("matchLabels", labels)]))])
}

fn pods(service: &str) -> Yaml {
    let labels = map([(NETWORK, service.into())]);
    map([("podSelector", map([("matchLabels", labels)]))])
}

fn dns() -> Yaml {
    let namespace = map([("kubernetes.io/metadata.name", "kube-system".into())]);
    let to = map([
        ("namespaceSelector", map([("matchLabels", namespace)])),
        (
            "podSelector",
            map([("matchLabels", map([("k8s-app", "kube-dns".into())]))]),
        ),
    ]);
    let port = |protocol: &str| map([("protocol", protocol.into()), ("port", 53_i64.into())]);
    map([
        ("to", list([to])),
        ("ports", list([port("UDP"), port("TCP")])),
    ])
}

/// Returns the services that name a listener in their settings.
fn callers(facts: &Facts, listener: &Listener, services: &[Facts]) -> Vec<Yaml> {
    let calls = |caller: &&Facts| {
        let mut dependencies = caller.dependencies.iter();
        dependencies.any(|dependency| is_of(dependency, facts, listener))
    };
    let callers = services.iter().filter(calls);
    callers.map(|caller| pods(&caller.name)).collect()
}

/// Whether a dependency is a listener of a service. The host must begin with the name of the
/// service, with or without `-service`, and the port must be equal.
fn is_of(dependency: &Dependency, facts: &Facts, listener: &Listener) -> bool {
    let host = dependency.host.as_deref().unwrap_or_default();
    let first = host.split('.').next().unwrap_or_default();
    let short = facts.name.strip_suffix("-service").unwrap_or(&facts.name);
    (first == facts.name || first == short) && dependency.port == Some(listener.port)
}

fn destinations(
    facts: &Facts,
    services: &[Facts],
    overlay: &Overlay,
) -> Result<Vec<Yaml>, RenderError> {
    let mut outside = BTreeSet::new();
    let mut inside = BTreeSet::new();
    for dependency in &facts.dependencies {
        let port = port(facts, dependency, overlay)?;
        let known = services.iter().find(|service| {
            let mut listeners = service.listeners.iter();
            listeners.any(|listener| is_of(dependency, service, listener))
        });
        match known {
            Some(service) => inside.insert((service.name.as_str(), port)),
            None => outside.insert(port),
        };
    }
    let tcp = |port: u16| list([map([("protocol", "TCP".into()), ("port", port.into())])]);
    let inside = inside
        .into_iter()
        .map(|(service, port)| map([("to", list([pods(service)])), ("ports", tcp(port))]));
    let outside = outside.into_iter().map(|port| map([("ports", tcp(port))]));
    Ok(inside.chain(outside).collect())
}

/// Returns the port of a dependency, which the overlay has if the address is a secret.
fn port(facts: &Facts, dependency: &Dependency, overlay: &Overlay) -> Result<u16, RenderError> {
    // An object store has a URL such as s3+https://s3.example.org/bucket.
    let scheme = dependency.scheme.as_deref().unwrap_or_default();
    let of_scheme = match scheme.rsplit('+').next() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    if let Some(port) = dependency.port.or(of_scheme) {
        return Ok(port);
    }
    let addresses = overlay.addresses.get(&facts.name);
    let address = addresses.and_then(|addresses| addresses.get(&dependency.setting));
    let port = address.and_then(|address| address.rsplit_once(':')?.1.parse().ok());
    port.ok_or_else(|| {
        RenderError::new(format!(
            "the facts of {} have no port of {}: add `\"{}\" = \"HOST:PORT\"` below [addresses.{}] of overlay.toml",
            facts.name, dependency.setting, dependency.setting, facts.name
        ))
    })
}
