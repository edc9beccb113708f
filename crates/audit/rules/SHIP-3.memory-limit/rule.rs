//! A Kubernetes container has no memory limit.

use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.memory-limit",
        title: "A Kubernetes container has no memory limit",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A container of a Deployment, StatefulSet, DaemonSet, Job or CronJob has no `resources.limits.memory`. The rule does not report missing CPU limits. If a template may set the limit, the result is unknown.",
        why: "A memory leak in one pod takes memory from other pods on the node, and the kernel may kill any of them.",
        fix: &[(
            "any",
            "Set `resources.requests` to the normal usage, and `resources.limits.memory` to the maximum.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for workload in &service.workloads {
        for container in &workload.containers {
            let symbol = format!("{}/{}", workload.kind, container.name);
            let Some(at) = model.location(&workload.at.path, container.span.clone(), Some(&symbol))
            else {
                continue;
            };
            outcomes.push(match &container.limits_memory {
                Resolution::Known(true) => Outcome::passed(
                    format!("container `{}` has a memory limit", container.name),
                    Some(&at),
                ),
                Resolution::Unknown(reason) => Outcome::unknown(reason.clone()),
                _ => Breach::new(
                    at,
                    Confidence::High,
                    format!("container `{}` has no memory limit", container.name),
                )
                .related(model.location(&workload.at.path, container.whole.clone(), None))
                .into(),
            });
        }
    }
    outcomes
}
