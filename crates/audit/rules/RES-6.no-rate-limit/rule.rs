//! A service that serves whoever asks most.

use crate::model::facts::{Import, Middleware, Route};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.no-rate-limit",
        title: "The service has no rate limit",
        severity: Severity::Info,
        category: Category::Resilience,
        meaning: "A server in Go, Node.js or Python that registers no middleware named after limits and imports no library for them. A gateway may limit outside: informative.",
        why: "One client, or one loop in one client, takes the service from all others.",
        fix: &[(
            "any",
            "Limit by user or address with explicit numbers; answer 429 with `Retry-After`.",
        )],
        references: &["https://www.rfc-editor.org/rfc/rfc6585#section-4"],
    },
    check: Check::Service(check),
};

const LIBRARIES: &[&str] = &[
    "rate-limit",
    "ratelimit",
    "rate_limit",
    "throttl",
    "limiter",
    "slowapi",
    "bottleneck",
    "tollbooth",
    "x/time/rate",
    "redis_rate",
    "kratos",
    "go-zero",
];

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    if !service
        .languages
        .iter()
        .all(|language| matches!(*language, "Go" | "JavaScript" | "TypeScript" | "Python"))
    {
        return Vec::new();
    }
    let named = |text: &str| {
        LIBRARIES
            .iter()
            .any(|library| text.to_lowercase().contains(library))
    };
    if let Some(import) = service
        .facts
        .of::<Import>()
        .deployed()
        .find(|import| named(&import.path))
    {
        return vec![Outcome::passed(
            format!("`{}` is imported", import.path),
            Some(&import.at),
        )];
    }
    if let Some(one) = service
        .facts
        .of::<Middleware>()
        .deployed()
        .find(|one| named(&one.name))
    {
        return vec![Outcome::passed("a limiter is registered", Some(&one.at))];
    }
    let routes = service.facts.of::<Route>();
    routes
        .deployed()
        .next()
        .map(|route| {
            Breach::new(
                route.at.clone(),
                Confidence::Low,
                "no limiter is registered or imported",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
