//! The readiness route always succeeds although the service has dependencies.

use crate::model::facts::HealthHandler;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.readiness-constant",
        title: "The readiness route always succeeds although the service has dependencies",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "The readiness handler returns a constant response without a condition, and the code imports a database or broker client. A flag that startup and shutdown change is a condition. Services without dependencies are excluded.",
        why: "A pod whose database is unreachable still receives traffic, and so does a pod that shuts down.",
        fix: &[(
            "any",
            "Return a state that startup, shutdown and a cached dependency check with a timeout update.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let dependencies = service.dependencies();
    let needed = dependencies.keys().copied().collect::<Vec<_>>().join(", ");
    service
        .facts
        .of::<HealthHandler>()
        .deployed()
        .filter(|handler| handler.is_readiness())
        .map(|handler| {
            if !handler.constant {
                Outcome::passed(
                    format!("`{}` has a condition or a check", handler.path),
                    Some(&handler.at),
                )
            } else if dependencies.is_empty() {
                Outcome::passed(
                    format!(
                        "`{}` is constant, and the service has no dependencies",
                        handler.path
                    ),
                    Some(&handler.at),
                )
            } else {
                Breach::new(
                    handler.at.clone(),
                    Confidence::Medium,
                    format!(
                        "`{}` always returns the same response, although the service uses {needed}",
                        handler.path
                    ),
                )
                .into()
            }
        })
        .collect()
}
