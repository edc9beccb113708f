//! A per-user rate limiter runs before authentication.

use crate::model::facts::Middleware;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::{Language, Located, Location};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.limiter-before-authentication",
        title: "A per-user rate limiter runs before authentication",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "One function registers a limiter that is named after users, accounts or tenants on a router, and the authentication middleware after it.",
        why: "The key is empty for all callers, so all users share one limit, or none applies.",
        fix: &[(
            "any",
            "Register the authentication before the per-user limiter, and a per-IP limiter before both.",
        )],
        references: &["https://expressjs.com/en/guide/using-middleware.html"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let middleware = service.facts.of::<Middleware>();
    let list: Vec<_> = middleware.deployed().collect();
    let lower = |name: &str| name.to_lowercase();
    let limits = |name: &str| {
        let name = lower(name);
        ["limit", "throttl"].iter().any(|word| name.contains(word))
            && ["user", "account", "tenant", "customer"]
                .iter()
                .any(|word| name.contains(word))
    };
    let authenticates = |name: &str| {
        let name = lower(name);
        [
            "authenticat",
            "authmiddleware",
            "requireauth",
            "verifytoken",
            "jwt",
            "auth(",
        ]
        .iter()
        .any(|word| name.contains(word))
            && !name.contains("limit")
            && !name.contains("route")
    };
    let mut outcomes = Vec::new();
    for limiter in list.iter().filter(|one| limits(&one.name)) {
        let same = |one: &&&Located<Middleware>| {
            one.at.path == limiter.at.path
                && one.at.symbol == limiter.at.symbol
                && one.pipeline == limiter.pipeline
                && authenticates(&one.name)
        };
        match list.iter().find(same) {
            Some(authentication) if runs_before(model, &limiter.at, &authentication.at) => {
                outcomes.push(
                    Breach::new(
                        limiter.at.clone(),
                        Confidence::Medium,
                        format!(
                            "the limiter is registered before the authentication at line {}",
                            authentication.at.line
                        ),
                    )
                    .into(),
                );
            }
            Some(_) => outcomes.push(Outcome::passed(
                "the limiter is registered after the authentication",
                Some(&limiter.at),
            )),
            None => outcomes.push(Outcome::unknown(
                "the place of the authentication is unknown",
            )),
        }
    }
    outcomes
}

/// Middleware runs in the order of the text. In Python (Starlette) the last added middleware runs
/// first.
fn runs_before(model: &Model, one: &Location, other: &Location) -> bool {
    let reversed = model
        .files
        .get(&one.path)
        .is_some_and(|found| found.file.language == Language::Python);
    (one.span.start < other.span.start) != reversed
}
