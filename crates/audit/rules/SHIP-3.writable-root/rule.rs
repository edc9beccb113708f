//! The root file system of a container is writable.

use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, charts};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.writable-root",
        title: "The root file system of a container is writable",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "No container of the workload sets `readOnlyRootFilesystem: true`. Databases and brokers are excluded. If a template may set it, the result is unknown, or low confidence if the values of its Helm chart leave `securityContext` empty.",
        why: "Attackers can write programs into the container. Files that the service writes by mistake are lost with the pod.",
        fix: &[(
            "any",
            "Set `securityContext.readOnlyRootFilesystem: true`, and mount an `emptyDir` at `/tmp` if the service needs it.",
        )],
        references: &["https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    if service.workloads.is_empty() || service.root.is_none() && service.image.is_none() {
        return Vec::new();
    }
    let mut outcomes = Vec::new();
    let charts = charts(model);
    for workload in &service.workloads {
        for container in &workload.containers {
            let symbol = format!("{}/{}", workload.kind, container.name);
            let Some(at) = model.location(&workload.at.path, container.span.clone(), Some(&symbol))
            else {
                continue;
            };
            outcomes.push(match &container.read_only_root {
                Resolution::Known(true) => Outcome::passed(
                    format!("container `{}` cannot write to its image", container.name),
                    Some(&at),
                ),
                Resolution::Unknown(reason) => {
                    let empty = charts.iter().find_map(|chart| {
                        let inside = format!("{}/templates/", chart.folder);
                        let context = chart.value("securityContext")?;
                        (context.is_empty
                            && chart.uses("securityContext")
                            && workload.at.path.starts_with(&inside))
                        .then(|| context.at.clone())
                    });
                    empty.map_or_else(
                        || Outcome::unknown(reason.clone()),
                        |at| {
                            let evidence = "the values of the chart leave `securityContext` empty";
                            Breach::review(at, evidence).into()
                        },
                    )
                }
                _ => Breach::new(
                    at,
                    Confidence::High,
                    format!(
                        "container `{}` may write to its root file system",
                        container.name
                    ),
                )
                .into(),
            });
        }
    }
    outcomes
}
