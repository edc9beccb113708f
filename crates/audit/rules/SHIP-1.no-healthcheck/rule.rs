//! Nothing checks whether the container works.

use crate::model::{Model, Service, ServiceKind};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, runs_code,
    start_of_image,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.no-healthcheck",
        title: "Nothing checks whether the container works",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The image of a server or worker has no `HEALTHCHECK`, and its compose entries have none. Repositories with Kubernetes workloads are excluded, because Kubernetes ignores `HEALTHCHECK`.",
        why: "The engine does not mark a process that hangs as unhealthy, and `depends_on: service_healthy` has no effect.",
        fix: &[(
            "any",
            "`HEALTHCHECK CMD [\"/app\", \"health\"]`, or `healthcheck:` in the compose file.",
        )],
        references: &["https://docs.docker.com/reference/dockerfile/#healthcheck"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let kubernetes = model
        .services
        .iter()
        .any(|service| !service.workloads.is_empty());
    let known = matches!(service.kind, ServiceKind::Server | ServiceKind::Worker);
    let runs = known || service.kind == ServiceKind::Unknown && runs_code(service);
    let Some(image) = service
        .image
        .as_ref()
        .filter(|image| image.at.role.is_deployed() && runs && !kubernetes)
    else {
        return Vec::new();
    };
    let checked = image.healthcheck(service.target.as_deref()).is_some()
        || service
            .compose
            .iter()
            .any(|entry| entry.healthcheck.is_some());
    if checked {
        return vec![Outcome::passed(
            "the container has a health check",
            Some(&image.at),
        )];
    }
    vec![
        Breach::new(
            image.at.clone(),
            // A program without a known listener may run to its end.
            if known {
                Confidence::Medium
            } else {
                Confidence::Low
            },
            "neither the image nor a compose entry has a health check",
        )
        .related(start_of_image(model, &image.at.path))
        .related(service.compose.iter().map(|entry| entry.at.clone()))
        .into(),
    ]
}
