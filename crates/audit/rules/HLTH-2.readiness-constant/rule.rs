//! Readiness that always says yes.

use crate::model::facts::HealthHandler;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.readiness-constant",
        title: "Readiness is a constant although the service needs something",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "The handler of a readiness path answers without a condition and calls nothing but the response, and the code imports a client of a database or broker. A service without dependencies is ready when it runs. A flag that is set at start and stop is a condition.",
        why: "A pod whose database is unreachable keeps its traffic, and during a stop traffic never moves away.",
        fix: &[(
            "any",
            "Answer from a state that start, stop and a cached, time-boxed check of the local dependencies set.",
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
                    format!("`{}` asks something", handler.path),
                    Some(&handler.at),
                )
            } else if dependencies.is_empty() {
                Outcome::passed(
                    format!("`{}` is constant, and nothing is needed", handler.path),
                    Some(&handler.at),
                )
            } else {
                Breach::new(
                    handler.at.clone(),
                    Confidence::Medium,
                    format!(
                        "`{}` answers the same whatever happens; the service uses {needed}",
                        handler.path
                    ),
                )
                .into()
            }
        })
        .collect()
}
