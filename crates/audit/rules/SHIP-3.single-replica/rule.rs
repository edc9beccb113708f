//! A Deployment that serves requests has one replica.

use crate::model::facts::Manifest;
use crate::model::{Model, Resolution, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.single-replica",
        title: "A Deployment that serves requests has one replica",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A Deployment with ports, or of a server, sets `replicas: 1`, has no autoscaler, and its update strategy is not `Recreate`. Deployments without `replicas` are excluded.",
        why: "Each node drain and each crash is an outage.",
        fix: &[(
            "any",
            "Run two or more replicas with a PodDisruptionBudget. If one replica suffices, declare it (`strategy: Recreate`, or a tier that allows it).",
        )],
        references: &["https://kubernetes.io/docs/tasks/run-application/configure-pdb/"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    if service.root.is_none() && service.image.is_none() {
        return Vec::new();
    }
    let scaled = |name: &str| {
        model.files.values().any(|found| {
            found
                .facts
                .of::<Manifest>()
                .items
                .iter()
                .any(|manifest| manifest.scales.as_deref() == Some(name))
        })
    };
    service
        .workloads
        .iter()
        .filter(|workload| {
            workload.kind == "Deployment"
                && (service.kind == ServiceKind::Server
                    || workload
                        .containers
                        .iter()
                        .any(|container| !container.ports.is_empty()))
        })
        .filter_map(|workload| match &workload.replicas {
            Resolution::Known(1) => {
                let name = workload.name.known()?;
                Some(if scaled(name) {
                    Outcome::passed(format!("an autoscaler scales `{name}`"), Some(&workload.at))
                } else {
                    Breach::new(
                        workload.at.clone(),
                        Confidence::Medium,
                        format!("`{name}` has one replica and no autoscaler"),
                    )
                    .into()
                })
            }
            Resolution::Known(count) => Some(Outcome::passed(
                format!("{count} replicas"),
                Some(&workload.at),
            )),
            Resolution::Unknown(reason) => Some(Outcome::unknown(reason.clone())),
            Resolution::Absent => None,
        })
        .collect()
}
