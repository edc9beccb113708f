use std::collections::BTreeSet;

use seaworthy_facts::{Dependency, Facts, Listener};

use super::{FIRST, GRPC, NETWORK, grpc_name, in_wave, object};
use crate::{
    Overlay, RenderError,
    yaml::{Yaml, list, map},
};

pub(super) const COMMENT: &str = "\
Pods reach only the dependencies of the settings. A policy does not support host names, so a rule
for a server outside of this deployment has a port and no address: add its address in an overlay.
The ingress reaches services with routes that no other service of this deployment calls, and those in
`public` of overlay.toml. It reaches their HTTP port, and their gRPC port if no other service of this
deployment calls that port. Label the namespaces of the ingress and of Prometheus as the rules below
expect.";

/// The labels of namespaces whose pods may reach a service.
const INGRESS: &str = "seaworthy.dev/ingress";
const MONITORING: &str = "seaworthy.dev/monitoring";
/// The overlay sets this address for a server that the service does not use, such as that of a
/// disabled provider.
const UNUSED: &str = "unused";
/// The default port of the Redis servers that Sentinels name.
const REDIS_PORT: u16 = 6379;

/// Returns the policy of a service.
pub(super) fn objects(
    facts: &Facts,
    services: &[Facts],
    overlay: &Overlay,
) -> Result<Vec<Yaml>, RenderError> {
    let name = facts.name.as_str();
    let is_uncalled = is_uncalled(facts, services);
    let is_listed = overlay.public.contains(&facts.name);
    let ingress = facts.listeners.iter().filter_map(|listener| {
        let mut from: Vec<_> = callers(facts, listener, services).collect();
        match listener.name.as_str() {
            "admin" => from.push(namespaces(MONITORING)),
            "http" if is_listed || (is_uncalled && has_routes(facts)) => {
                from.push(namespaces(INGRESS));
            }
            // Calls of rendered services come directly from their pods, and the API is internal.
            GRPC if from.is_empty() => {
                from.push(map([("podSelector", map([]))]));
                if is_listed || is_uncalled {
                    from.push(namespaces(INGRESS));
                }
            }
            _ => {}
        }
        // A rule with an empty list allows every source.
        if from.is_empty() {
            return None;
        }
        let port = map([("protocol", "TCP".into()), ("port", listener.port.into())]);
        Some(map([("from", list(from)), ("ports", list([port]))]))
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
fn callers<'a>(
    facts: &'a Facts,
    listener: &'a Listener,
    services: &'a [Facts],
) -> impl Iterator<Item = Yaml> + use<'a> {
    let calls = move |caller: &&Facts| {
        let mut dependencies = caller.dependencies.iter();
        dependencies.any(|dependency| is_of(dependency, facts, listener))
    };
    let callers = services.iter().filter(calls);
    callers.map(|caller| pods(&caller.name))
}

/// Whether a service has routes of its own. A worker has only those of the probes, which are not
/// measured. The kubelet sends the probes, and a policy does not apply to it.
fn has_routes(facts: &Facts) -> bool {
    facts.metric("http_request_duration_seconds").is_some()
}

/// Whether no service of the deployment calls a service, so that its clients are outside.
fn is_uncalled(facts: &Facts, services: &[Facts]) -> bool {
    let mut listeners = facts.listeners.iter();
    listeners.all(|listener| callers(facts, listener, services).next().is_none())
}

/// Whether a dependency is a listener of a service. The first label of the host must be the name of
/// one of its Services, and the port must be equal.
fn is_of(dependency: &Dependency, facts: &Facts, listener: &Listener) -> bool {
    let host = dependency.host.as_deref().unwrap_or_default();
    let first = host.split('.').next().unwrap_or_default();
    let is_named = first == facts.name || (listener.name == GRPC && first == grpc_name(facts));
    is_named && dependency.port == Some(listener.port)
}

fn destinations(
    facts: &Facts,
    services: &[Facts],
    overlay: &Overlay,
) -> Result<Vec<Yaml>, RenderError> {
    let mut outside = BTreeSet::new();
    let mut inside = BTreeSet::new();
    for dependency in &facts.dependencies {
        if address(facts, dependency, overlay) == Some(UNUSED) {
            continue;
        }
        let ports = ports(facts, dependency, overlay)?;
        let known = services.iter().find(|service| {
            let mut listeners = service.listeners.iter();
            listeners.any(|listener| is_of(dependency, service, listener))
        });
        match known {
            Some(service) => {
                inside.extend(ports.into_iter().map(|port| (service.name.as_str(), port)));
            }
            None => outside.extend(ports),
        }
    }
    let tcp = |port: u16| list([map([("protocol", "TCP".into()), ("port", port.into())])]);
    let inside = inside
        .into_iter()
        .map(|(service, port)| map([("to", list([pods(service)])), ("ports", tcp(port))]));
    let outside = outside.into_iter().map(|port| map([("ports", tcp(port))]));
    Ok(inside.chain(outside).collect())
}

/// Returns the address of a dependency in the overlay.
fn address<'a>(facts: &Facts, dependency: &Dependency, overlay: &'a Overlay) -> Option<&'a str> {
    let addresses = overlay.addresses.get(&facts.name)?;
    addresses.get(&dependency.setting).map(String::as_str)
}

/// Returns the ports of a dependency. The overlay has them if the address is a secret, and if the
/// server names other servers, such as Sentinels do.
fn ports(
    facts: &Facts,
    dependency: &Dependency,
    overlay: &Overlay,
) -> Result<BTreeSet<u16>, RenderError> {
    // An object store has a URL such as s3+https://s3.example.org/bucket.
    let scheme = dependency.scheme.as_deref().unwrap_or_default();
    let of_scheme = match scheme.rsplit('+').next() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    let mut ports: BTreeSet<u16> = dependency.port.or(of_scheme).into_iter().collect();
    match address(facts, dependency, overlay) {
        Some(addresses) => {
            let added = addresses.split(',').map(|address| {
                let (_, port) = address.rsplit_once(':')?;
                port.trim().parse().ok()
            });
            let added: Option<Vec<u16>> = added.collect();
            ports.extend(added.ok_or_else(|| missing(facts, dependency))?);
        }
        None if scheme.ends_with("+sentinel") => {
            ports.insert(REDIS_PORT);
        }
        None => {}
    }
    if ports.is_empty() {
        return Err(missing(facts, dependency));
    }
    Ok(ports)
}

fn missing(facts: &Facts, dependency: &Dependency) -> RenderError {
    RenderError::new(format!(
        "the facts of {} have no port of {}: add `\"{}\" = \"HOST:PORT\"` below [addresses.{}] of overlay.toml",
        facts.name, dependency.setting, dependency.setting, facts.name
    ))
}
