//! Deployments, StatefulSets, DaemonSets, Jobs, CronJobs.

use crate::document::{Yaml, YamlNode};
use crate::model::facts::{Container, Probe, ProbeAction, ProbeKind, Workload};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "Kubernetes workloads",
    reader: Reader::Yaml(read),
};

const KINDS: &[(&str, &[&str])] = &[
    ("Deployment", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("Rollout", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    (
        "CronJob",
        &["spec", "jobTemplate", "spec", "template", "spec"],
    ),
    ("Pod", &["spec"]),
];

fn read(_file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    for document in yaml.documents() {
        let Some(kind) = document.get("kind").and_then(YamlNode::scalar) else {
            continue;
        };
        let Some((_, path)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            continue;
        };
        let Some(pod) = document.at(path) else {
            continue;
        };
        let workload = Workload {
            kind: kind.to_owned(),
            name: document
                .at(&["metadata", "name"])
                .map_or(Resolution::Absent, YamlNode::text),
            containers: pod
                .get("containers")
                .into_iter()
                .flat_map(YamlNode::items)
                .map(|item| container(item, pod))
                .collect(),
            grace_period_seconds: match pod.get("terminationGracePeriodSeconds").map(YamlNode::text)
            {
                None if yaml.may_hold_more() => {
                    Resolution::Unknown("a template may set it".to_owned())
                }
                None | Some(Resolution::Absent) => Resolution::Absent,
                Some(Resolution::Unknown(reason)) => Resolution::Unknown(reason),
                Some(Resolution::Known(text)) => text.parse().map_or_else(
                    |_| Resolution::Unknown(format!("`{text}` is not a number")),
                    Resolution::Known,
                ),
            },
        };
        let span = document
            .get("kind")
            .map_or_else(|| document.span(), YamlNode::span);
        facts.add(workload, span);
    }
}

fn container(node: YamlNode<'_>, pod: YamlNode<'_>) -> Container {
    let may_hold_more = node.yaml().may_hold_more();
    let probes: Vec<Probe> = [
        ("livenessProbe", ProbeKind::Liveness),
        ("readinessProbe", ProbeKind::Readiness),
        ("startupProbe", ProbeKind::Startup),
    ]
    .into_iter()
    .filter_map(|(key, kind)| {
        node.get(key).map(|probe| Probe {
            kind,
            action: action(probe),
            span: probe.span(),
        })
    })
    .collect();
    let complete = probes.iter().any(|probe| probe.kind == ProbeKind::Liveness)
        && probes
            .iter()
            .any(|probe| probe.kind == ProbeKind::Readiness);
    Container {
        name: node
            .get("name")
            .and_then(|name| name.text().known().cloned())
            .unwrap_or_default(),
        image: node.get("image").map_or(Resolution::Absent, YamlNode::text),
        ports: node
            .get("ports")
            .into_iter()
            .flat_map(YamlNode::items)
            .filter_map(|port| {
                port.get("containerPort")
                    .and_then(YamlNode::scalar)?
                    .parse()
                    .ok()
            })
            .collect(),
        probes: if may_hold_more && !complete {
            Resolution::Unknown("a template may add probes".to_owned())
        } else {
            Resolution::Known(probes)
        },
        runs_as_non_root: non_root(node, pod, may_hold_more),
        environment: node
            .get("env")
            .into_iter()
            .flat_map(YamlNode::items)
            .filter_map(|entry| {
                Some((
                    entry.get("name")?.scalar()?.to_owned(),
                    entry
                        .get("value")
                        .map_or(Resolution::Absent, YamlNode::text),
                ))
            })
            .collect(),
        span: node.get("name").map_or_else(|| node.span(), YamlNode::span),
    }
}

fn action(probe: YamlNode<'_>) -> ProbeAction {
    if let Some(http) = probe.get("httpGet") {
        let field = |key| http.get(key).map_or(Resolution::Absent, YamlNode::text);
        return ProbeAction::Http {
            path: field("path"),
            port: field("port"),
        };
    }
    if probe.get("tcpSocket").is_some() {
        return ProbeAction::Tcp;
    }
    if probe.get("grpc").is_some() {
        return ProbeAction::Grpc;
    }
    match probe.at(&["exec", "command"]) {
        Some(command) => ProbeAction::Command(
            command
                .items()
                .filter_map(YamlNode::scalar)
                .map(str::to_owned)
                .collect(),
        ),
        None => ProbeAction::Unknown,
    }
}

fn non_root(container: YamlNode<'_>, pod: YamlNode<'_>, may_hold_more: bool) -> Resolution<bool> {
    for scope in [container, pod] {
        let Some(context) = scope.get("securityContext") else {
            continue;
        };
        if context.get("runAsNonRoot").and_then(YamlNode::scalar) == Some("true") {
            return Resolution::Known(true);
        }
        if let Some(user) = context.get("runAsUser") {
            return user.text().map(|user| user != "0");
        }
    }
    if may_hold_more {
        Resolution::Unknown("a template may set the user".to_owned())
    } else {
        Resolution::Absent
    }
}
