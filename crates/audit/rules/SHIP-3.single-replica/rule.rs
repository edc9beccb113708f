//! A service that is away whenever its one pod is.

use crate::model::facts::Manifest;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.single-replica",
        title: "A serving Deployment runs one replica",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A Deployment with ports says `replicas: 1`, no autoscaler names it, and its update strategy is not `Recreate`. A Deployment without `replicas` is left to whoever scales it.",
        why: "Every node drain and every crash is an outage.",
        fix: &[(
            "any",
            "Run two or more replicas with a PodDisruptionBudget, or say why one is enough (`strategy: Recreate`, a tier that allows it).",
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
                && workload
                    .containers
                    .iter()
                    .any(|container| !container.ports.is_empty())
        })
        .filter_map(|workload| match &workload.replicas {
            Resolution::Known(1) => {
                let name = workload.name.known()?;
                Some(if scaled(name) {
                    Outcome::passed(
                        format!("`{name}` is scaled by its load"),
                        Some(&workload.at),
                    )
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
