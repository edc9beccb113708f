//! A worker has no health check.

use crate::model::facts::{Blocking, Consumer};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, absent_in_texts,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-4.worker-without-heartbeat",
        title: "A worker has no health check",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "A service consumes messages and serves no requests. Its image, compose entries and workloads have no health check or liveness probe.",
        why: "A consumer that hangs looks healthy while its queue grows.",
        fix: &[(
            "any",
            "Update a file or a gauge in each iteration, and check its age: `livenessProbe: exec`, `HEALTHCHECK`, or a small listener with `/livez`.",
        )],
        references: &[
            "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Words of code that shows whether a worker is alive.
const TEXTS: &[&str] = &[
    "health",
    "heartbeat",
    "livez",
    "readyz",
    "liveness",
    "/ping",
];
const UNWATCHED: &str = "the service only consumes messages, and no code shows whether it is alive";

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    if service.kind != ServiceKind::Worker {
        return Vec::new();
    }
    let Some(place) = service
        .workloads
        .first()
        .map(|workload| &workload.at)
        .or_else(|| service.compose.first().map(|entry| &entry.at))
        .or_else(|| service.image.as_ref().map(|image| &image.at))
    else {
        // Without a deployment, the code shows whether anything could watch the worker.
        return absent_in_texts(model, service, TEXTS, UNWATCHED)
            .into_iter()
            .collect();
    };
    let containers: Vec<_> = service
        .workloads
        .iter()
        .flat_map(|workload| &workload.containers)
        .collect();
    if containers
        .iter()
        .any(|container| container.probes.is_unknown())
    {
        return vec![Outcome::unknown("a template may add probes")];
    }
    let probed = containers.iter().any(|container| {
        container
            .probes
            .known()
            .is_some_and(|probes| !probes.is_empty())
    });
    let checked = service
        .image
        .as_ref()
        .is_some_and(|image| image.healthcheck(service.target.as_deref()).is_some())
        || service
            .compose
            .iter()
            .any(|entry| entry.healthcheck.is_some());
    if probed || checked {
        return vec![Outcome::passed(
            "the worker has a health check",
            Some(place),
        )];
    }
    vec![
        Breach::new(
            place.clone(),
            Confidence::Medium,
            "the service only consumes messages, and has no health check",
        )
        .related(
            service
                .facts
                .of::<Consumer>()
                .deployed()
                .map(|consumer| consumer.at.clone())
                .chain(
                    service
                        .facts
                        .of::<Blocking>()
                        .deployed()
                        .map(|wait| wait.at.clone()),
                ),
        )
        .absence()
        .into(),
    ]
}
