use seaworthy_facts::{Facts, Listener, Probe};

use super::{FIRST, GRPC, config, grpc_name, in_wave, object, pod, seconds, selector};
use crate::{
    Overlay,
    yaml::{Yaml, list, map},
};

const COMMENT: &str = "\
After SIGTERM the service accepts connections for lifecycle.drain_delay, so it needs no
preStop hook. terminationGracePeriodSeconds is lifecycle.total_timeout and 5 s. There is no CPU
limit, because it delays requests although the node has free CPU.";

/// Seconds by which the grace period of the pod exceeds the time until the forced exit.
const GRACE_MARGIN: i64 = 5;
const STARTUP_PERIOD: i64 = 2;

/// Returns the lines above the objects.
pub(super) fn comment(facts: &Facts, overlay: &Overlay) -> String {
    format!("{COMMENT}\n{}", pod::resources_comment(facts, overlay))
}

pub(super) const SETTINGS_COMMENT: &str = "\
The secret NAME-secrets is not here. Create it from a secret store, with one key per file below
/run/secrets that the settings name. The name of the ConfigMap has a hash of the settings. Do not
delete the ConfigMaps of earlier rollouts, because a rollback uses them.";

/// Returns the account and the settings, which the migrations need too.
pub(super) fn settings(facts: &Facts) -> Vec<Yaml> {
    let name = facts.name.as_str();
    let account = object(
        "v1",
        "ServiceAccount",
        name,
        name,
        vec![("automountServiceAccountToken", false.into())],
    );
    let text = Yaml::Block(config::text(facts));
    let settings = map([(config::file(facts).as_str(), text)]);
    let versioned = config::name(facts);
    let settings = object(
        "v1",
        "ConfigMap",
        &versioned,
        name,
        vec![("data", settings)],
    );
    [account, settings]
        .map(|object| in_wave(object, FIRST))
        .into()
}

/// Returns Deployment and Services.
pub(super) fn objects(facts: &Facts, overlay: &Overlay) -> Vec<Yaml> {
    let mut objects = vec![deployment(facts, overlay), service(facts)];
    objects.extend(
        facts
            .listener(GRPC)
            .map(|listener| headless(facts, listener)),
    );
    objects
}

fn deployment(facts: &Facts, overlay: &Overlay) -> Yaml {
    let name = facts.name.as_str();
    let mut container = pod::container(facts, overlay, &["serve"]);
    let ports = facts.listeners.iter().map(|listener| {
        map([
            ("name", listener.name.as_str().into()),
            ("containerPort", listener.port.into()),
        ])
    });
    container.push("ports", list(ports));
    let lifecycle = &facts.lifecycle;
    // Twice the connect timeout, because migrations and caches follow the connection.
    let attempts = (seconds(lifecycle.connect_timeout_ms) * 2 / STARTUP_PERIOD).max(5);
    let probes = &facts.probes;
    container.push(
        "startupProbe",
        probe(facts, &probes.startup, STARTUP_PERIOD, attempts),
    );
    container.push("readinessProbe", probe(facts, &probes.ready, 5, 2));
    container.push("livenessProbe", probe(facts, &probes.live, 10, 3));
    let mut spec = pod::spec(facts, container);
    let grace = seconds(lifecycle.total_timeout_ms) + GRACE_MARGIN;
    spec.push("terminationGracePeriodSeconds", grace);
    spec.push("topologySpreadConstraints", pod::spread(facts));
    spec.push("affinity", pod::affinity(facts));
    let metadata = map([("labels", pod::labels(name, facts))]);
    let template = map([("metadata", metadata), ("spec", spec)]);
    let update = map([
        ("type", "RollingUpdate".into()),
        (
            "rollingUpdate",
            map([("maxUnavailable", 0_i64.into()), ("maxSurge", "25%".into())]),
        ),
    ]);
    let spec = map([
        ("revisionHistoryLimit", 3_i64.into()),
        ("selector", map([("matchLabels", selector(name))])),
        ("strategy", update),
        ("template", template),
    ]);
    object("apps/v1", "Deployment", name, name, vec![("spec", spec)])
}

fn probe(facts: &Facts, probe: &Probe, period: i64, failures: i64) -> Yaml {
    let mut request = map([
        ("path", probe.path.as_str().into()),
        ("port", probe.listener.as_str().into()),
    ]);
    if facts.listener(&probe.listener).is_some_and(|it| it.tls) {
        request.push("scheme", "HTTPS");
    }
    map([
        ("httpGet", request),
        ("periodSeconds", period.into()),
        ("timeoutSeconds", 3_i64.into()),
        ("failureThreshold", failures.into()),
    ])
}

/// Returns the Service of the listeners for clients. The admin listener is not one of them.
fn service(facts: &Facts) -> Yaml {
    let name = facts.name.as_str();
    let clients = facts
        .listeners
        .iter()
        .filter(|listener| listener.name != "admin");
    let spec = map([
        ("selector", selector(name)),
        ("ports", list(clients.map(port))),
    ]);
    object("v1", "Service", name, name, vec![("spec", spec)])
}

/// Returns the headless Service for gRPC clients. Its name resolves to the address of each pod that
/// is ready, so a client balances its calls. The connection to the address of the other Service
/// would stay on one pod.
fn headless(facts: &Facts, listener: &Listener) -> Yaml {
    let spec = map([
        ("clusterIP", "None".into()),
        ("publishNotReadyAddresses", false.into()),
        ("selector", selector(&facts.name)),
        ("ports", list([port(listener)])),
    ]);
    let name = grpc_name(facts);
    object("v1", "Service", &name, &facts.name, vec![("spec", spec)])
}

/// Returns the port of a Service.
fn port(listener: &Listener) -> Yaml {
    let mut port = map([
        ("name", listener.name.as_str().into()),
        ("port", listener.port.into()),
        ("targetPort", listener.name.as_str().into()),
    ]);
    match (listener.name.as_str(), listener.tls) {
        (GRPC, false) => port.push("appProtocol", "kubernetes.io/h2c"),
        (_, true) => port.push("appProtocol", "https"),
        (_, false) => port.push("appProtocol", "http"),
    }
    port
}
