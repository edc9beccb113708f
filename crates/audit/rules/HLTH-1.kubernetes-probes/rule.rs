//! A container that serves requests has no readiness or liveness probe.

use crate::model::facts::{Container, ProbeKind};
use crate::model::{Model, Resolution, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-1.kubernetes-probes",
        title: "A container that serves requests has no readiness or liveness probe",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "A container of a Deployment, StatefulSet or DaemonSet opens a port, or its code serves requests, and it lacks a readiness or liveness probe. Jobs, containers without ports, and containers whose probes a template may add are excluded. Conditional template probes (`{{ with .Values.livenessProbe }}`) are unknown. Low for the image of a metrics exporter whose code is not in the repository.",
        why: "Pods receive traffic before they are ready and while they drain. A pod that hangs is not restarted.",
        fix: &[(
            "any",
            "Add a `readinessProbe` that checks whether the pod can serve, and a `livenessProbe` that checks only whether the process responds.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Whether the code of the only container serves requests although the manifest names no port.
fn serves(service: &Service, container: &Container) -> bool {
    let only = service
        .workloads
        .iter()
        .all(|workload| workload.containers.len() == 1);
    service.kind == ServiceKind::Server && only && container.ports.is_empty()
}

/// Whether the image is an exporter, such as `prom/blackbox-exporter:1`. Only a monitoring system
/// sends requests to it, and that system reports a missing response.
fn is_exporter(container: &Container) -> bool {
    container.image.known().is_some_and(|image| {
        let image = image.split('@').next().unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        let name = name.split(':').next().unwrap_or_default();
        name.ends_with("-exporter") || name.ends_with("_exporter")
    })
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for workload in service.workloads.iter().filter(|workload| {
        matches!(
            workload.kind.as_str(),
            "Deployment" | "StatefulSet" | "DaemonSet" | "Rollout"
        )
    }) {
        for container in workload
            .containers
            .iter()
            .filter(|container| !container.ports.is_empty() || serves(service, container))
        {
            let probes = match &container.probes {
                Resolution::Known(probes) => probes.as_slice(),
                Resolution::Absent => &[],
                Resolution::Unknown(reason) => {
                    outcomes.push(Outcome::unknown(format!(
                        "container `{}`: {reason}",
                        container.name
                    )));
                    continue;
                }
            };
            let has = |kind| probes.iter().any(|probe| probe.kind == kind);
            let sure = |kind| {
                probes
                    .iter()
                    .any(|probe| probe.kind == kind && !probe.conditional)
            };
            let missing = match (has(ProbeKind::Readiness), has(ProbeKind::Liveness)) {
                (true, true) if !(sure(ProbeKind::Readiness) && sure(ProbeKind::Liveness)) => {
                    outcomes.push(Outcome::unknown(format!(
                        "container `{}`: the values of the template may omit a probe",
                        container.name
                    )));
                    continue;
                }
                (true, true) => {
                    outcomes.push(Outcome::passed(
                        format!("container `{}` has both probes", container.name),
                        Some(&workload.at),
                    ));
                    continue;
                }
                (true, false) => ("no liveness probe", Severity::Low),
                (false, true) => ("no readiness probe", Severity::Medium),
                (false, false) => ("neither a readiness nor a liveness probe", Severity::Medium),
            };
            // The code of an exporter of business data is in the repository.
            let severity = if service.root.is_none() && is_exporter(container) {
                Severity::Low
            } else {
                missing.1
            };
            let Some(found) = model.files.get(&workload.at.path) else {
                continue;
            };
            let symbol = format!("{}/{}", workload.kind, container.name);
            let at = found
                .file
                .location(container.span.clone(), Some(symbol.as_str().into()));
            outcomes.push(
                Breach::new(
                    at,
                    Confidence::High,
                    format!(
                        "container `{}` serves requests and has {}",
                        container.name, missing.0
                    ),
                )
                .severity(severity)
                .related([found.file.location(container.whole.clone(), None)])
                .into(),
            );
        }
    }
    outcomes
}
