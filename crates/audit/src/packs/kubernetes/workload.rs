//! Deployments, StatefulSets, DaemonSets, Jobs, CronJobs.

use crate::document::{Yaml, YamlNode};
use crate::model::facts::{
    Container, ContainerPort, EnvironmentVariable, Manifest, Probe, ProbeAction, ProbeKind,
    Workload,
};
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
        if document.get("apiVersion").is_some() {
            let manifest = Manifest {
                kind: kind.to_owned(),
                name: document
                    .at(&["metadata", "name"])
                    .map_or(Resolution::Absent, YamlNode::text),
                scales: document
                    .at(&["spec", "scaleTargetRef", "name"])
                    .and_then(YamlNode::scalar)
                    .map(str::to_owned),
                keys: ["data", "stringData"]
                    .iter()
                    .filter_map(|key| document.get(key))
                    .flat_map(YamlNode::pairs)
                    .map(|(key, _)| key.to_owned())
                    .collect(),
            };
            facts.add(manifest, document.span());
        }
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
                None if pod.may_gain() => Resolution::Unknown("a template may set it".to_owned()),
                None | Some(Resolution::Absent) => Resolution::Absent,
                Some(Resolution::Unknown(reason)) => Resolution::Unknown(reason),
                Some(Resolution::Known(text)) => text.parse().map_or_else(
                    |_| Resolution::Unknown(format!("`{text}` is not a number")),
                    Resolution::Known,
                ),
            },
            replicas: match document.at(&["spec", "replicas"]).map(YamlNode::text) {
                None if document.get("spec").is_none_or(YamlNode::may_gain) => {
                    Resolution::Unknown("a template may set it".to_owned())
                }
                None | Some(Resolution::Absent) => Resolution::Absent,
                Some(Resolution::Unknown(reason)) => Resolution::Unknown(reason),
                Some(Resolution::Known(text)) => text.parse().map_or_else(
                    |_| Resolution::Unknown(format!("`{text}` is not a number")),
                    Resolution::Known,
                ),
            },
            ephemeral: ephemeral(document, pod),
            scratch: pod
                .get("volumes")
                .into_iter()
                .flat_map(YamlNode::items)
                .filter_map(|volume| volume.get("emptyDir"))
                .map(YamlNode::span)
                .collect(),
            host_paths: pod
                .get("volumes")
                .into_iter()
                .flat_map(YamlNode::items)
                .filter_map(|volume| volume.at(&["hostPath", "path"]))
                .filter_map(|path| Some((path.scalar()?.to_owned(), path.span())))
                .collect(),
        };
        let span = document
            .get("kind")
            .map_or_else(|| document.span(), YamlNode::span);
        facts.add(workload, span);
    }
}

/// The config map or secret of an entry of `envFrom`. Absent for a template, and for a prefix,
/// which changes the names.
fn source_of_variables(entry: YamlNode<'_>) -> Option<String> {
    let reference = ["configMapRef", "secretRef"]
        .iter()
        .find_map(|key| entry.get(key))?;
    let name = reference.get("name")?.text();
    name.known()
        .filter(|_| entry.get("prefix").is_none())
        .cloned()
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
            conditional: probe.may_be_left_out_of(node),
            span: probe.span(),
        })
    })
    .collect();
    let sources: Vec<Option<String>> = node
        .get("envFrom")
        .into_iter()
        .flat_map(YamlNode::items)
        .map(source_of_variables)
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
        image_span: node.get("image").map(YamlNode::span),
        image: node.get("image").map_or(Resolution::Absent, YamlNode::text),
        ports: node
            .get("ports")
            .into_iter()
            .flat_map(YamlNode::items)
            .map(|port| ContainerPort {
                number: port
                    .get("containerPort")
                    .and_then(YamlNode::scalar)
                    .and_then(|number| number.parse().ok()),
                name: port
                    .get("name")
                    .and_then(YamlNode::scalar)
                    .map(str::to_owned),
            })
            .collect(),
        probes: if node.may_gain() && !complete {
            Resolution::Unknown("a template may add probes".to_owned())
        } else {
            Resolution::Known(probes)
        },
        runs_as_non_root: non_root(node, pod),
        environment: node
            .get("env")
            .into_iter()
            .flat_map(YamlNode::items)
            .filter_map(|entry| {
                Some(EnvironmentVariable {
                    name: entry.get("name")?.scalar()?.to_owned(),
                    value: entry
                        .get("value")
                        .map_or(Resolution::Absent, YamlNode::text),
                    span: entry.span(),
                })
            })
            .collect(),
        environment_from: sources.iter().flatten().cloned().collect(),
        more_environment: may_hold_more || sources.iter().any(Option::is_none),
        limits_memory: match node.get("resources") {
            Some(resources) if resources.at(&["limits", "memory"]).is_some() => {
                Resolution::Known(true)
            }
            Some(resources) if resources.is_mapping() => {
                if may_gain(resources, "limits") {
                    Resolution::Unknown("a template may set the limits".to_owned())
                } else {
                    Resolution::Known(false)
                }
            }
            _ if may_gain(node, "resources") => {
                Resolution::Unknown("a template may set the limits".to_owned())
            }
            _ => Resolution::Known(false),
        },
        memory: node
            .at(&["resources", "limits", "memory"])
            .map_or(Resolution::Absent, YamlNode::text),
        read_only_root: match node
            .at(&["securityContext", "readOnlyRootFilesystem"])
            .and_then(YamlNode::scalar)
        {
            Some("true") => Resolution::Known(true),
            Some("false") => Resolution::Known(false),
            _ if security_may_gain(node) => Resolution::Unknown("a template may set it".to_owned()),
            _ => Resolution::Absent,
        },
        command: ["command", "args"]
            .iter()
            .filter_map(|key| node.get(key))
            .flat_map(YamlNode::items)
            .filter_map(YamlNode::scalar)
            .map(str::to_owned)
            .collect(),
        span: node.get("name").map_or_else(|| node.span(), YamlNode::span),
        whole: node.span(),
    }
}

/// Whether a template may add a key, or something to its value.
fn may_gain(node: YamlNode<'_>, key: &str) -> bool {
    match node.get(key) {
        None => node.may_gain(),
        // The output of a template after a key without a value is its value.
        Some(value) if value.items().next().is_none() && !value.is_mapping() => {
            node.yaml().may_hold_more()
        }
        Some(value) => value.is_templated() || value.may_gain(),
    }
}

/// Whether the data of a pod goes with it: an `emptyDir` or nothing at all, and no claim.
fn ephemeral(document: YamlNode<'_>, pod: YamlNode<'_>) -> Resolution<bool> {
    if document.at(&["spec", "volumeClaimTemplates"]).is_some() {
        return Resolution::Known(false);
    }
    let volumes: Vec<_> = pod
        .get("volumes")
        .into_iter()
        .flat_map(YamlNode::items)
        .collect();
    let lasting = volumes.iter().any(|volume| {
        volume.pairs().any(|(key, _)| {
            !matches!(
                key,
                "name" | "emptyDir" | "configMap" | "secret" | "projected" | "downwardAPI"
            )
        })
    });
    if lasting {
        Resolution::Known(false)
    } else if may_gain(pod, "volumes") || document.get("spec").is_none_or(YamlNode::may_gain) {
        Resolution::Unknown("a template may add volumes".to_owned())
    } else {
        Resolution::Known(true)
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

/// Whether a template may set more of `securityContext`.
fn security_may_gain(scope: YamlNode<'_>) -> bool {
    may_gain(scope, "securityContext")
}

fn non_root(container: YamlNode<'_>, pod: YamlNode<'_>) -> Resolution<bool> {
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
    if security_may_gain(container) || security_may_gain(pod) {
        Resolution::Unknown("a template may set the user".to_owned())
    } else {
        Resolution::Absent
    }
}
