//! The allowed origins default to localhost.

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-2.localhost-origin",
        title: "The allowed origins default to localhost",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "A variable for allowed origins (`CORS_ORIGIN`, `ALLOWED_ORIGINS`) has a localhost fallback.",
        why: "Without the variable, production rejects its own web pages and allows any page on a user's own machine. No error shows this.",
        fix: &[(
            "any",
            "Make startup fail in production if no origins are set.",
        )],
        references: &["https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    service
        .facts
        .of::<EnvironmentRead>()
        .deployed()
        .filter_map(|read| {
            let name = read.name.known().filter(|name| {
                name.to_uppercase().contains("ORIGIN") || name.to_uppercase().contains("CORS")
            })?;
            Some(match &read.fallback {
                Resolution::Known(fallback)
                    if fallback.contains("localhost") || fallback.contains("127.0.0.1") =>
                {
                    Breach::new(
                        read.at.clone(),
                        Confidence::High,
                        format!("`{name}` falls back to localhost"),
                    )
                    .into()
                }
                Resolution::Unknown(reason) => Outcome::unknown(format!("`{name}`: {reason}")),
                _ => Outcome::passed(
                    format!("`{name}` does not fall back to localhost"),
                    Some(&read.at),
                ),
            })
        })
        .collect()
}
