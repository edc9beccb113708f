//! Outgoing calls have no circuit breaker.

use crate::model::facts::{Import, OutboundCall};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-1.no-circuit-breaker",
        title: "Outgoing calls have no circuit breaker",
        severity: Severity::Info,
        category: Category::Resilience,
        meaning: "A Go, Node.js or Python server calls other services over HTTP and imports no circuit breaker library. Informative, because a mesh may break circuits, and short timeouts may suffice.",
        why: "While a dependency is slow, every request waits for its timeout and holds memory.",
        fix: &[(
            "any",
            "Wrap the calls to each dependency in a circuit breaker (gobreaker, opossum, pybreaker) with a fallback, or configure one in the mesh.",
        )],
        references: &["https://martinfowler.com/bliki/CircuitBreaker.html"],
    },
    check: Check::Service(check),
};

const LIBRARIES: &[&str] = &[
    "gobreaker",
    "hystrix",
    "opossum",
    "cockatiel",
    "pybreaker",
    "circuitbreaker",
    "circuit-breaker",
    "failsafe",
    "resilience",
    "sentinel",
    "go-resiliency",
    "aiobreaker",
    "purgatory",
    "heimdall",
    "go-zero",
];

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    if !service
        .languages
        .iter()
        .all(|language| matches!(*language, "Go" | "JavaScript" | "TypeScript" | "Python"))
    {
        return Vec::new();
    }
    let calls = service.facts.of::<OutboundCall>();
    let Some(call) = calls.deployed().next() else {
        return Vec::new();
    };
    let imports = service.facts.of::<Import>();
    match imports.deployed().find(|import| {
        LIBRARIES
            .iter()
            .any(|library| import.path.contains(library))
    }) {
        Some(import) => vec![Outcome::passed(
            format!("`{}` is imported", import.path),
            Some(&import.at),
        )],
        None => vec![
            Breach::new(
                call.at.clone(),
                Confidence::Low,
                "the service calls other services here, without a circuit breaker",
            )
            .absence()
            .into(),
        ],
    }
}
