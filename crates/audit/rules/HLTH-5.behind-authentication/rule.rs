//! A health route requires authentication or is rate limited.

use crate::model::facts::{Middleware, Mount, Route};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-5.behind-authentication",
        title: "A health route requires authentication or is rate limited",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "One function registers a middleware for all paths on a router, and then a health route on the same router. Medium for authentication, low for a rate limit. If other code of the service names the path, an exception is likely and the result is unknown.",
        why: "The probe gets 401 or 429, and the orchestrator restarts a healthy pod, usually under load.",
        fix: &[(
            "any",
            "Register health routes before the authentication and rate limit middleware.",
        )],
        references: &["https://expressjs.com/en/guide/using-middleware.html"],
    },
    check: Check::Service(check),
};

const AUTHENTICATION: &[&str] = &[
    "authenticate",
    "authmiddleware",
    "requireauth",
    "verifytoken",
    "isauthenticated",
    "ensureauth",
    "authguard",
    "checkjwt",
    "jwtauth",
    "authrequired",
    "requiresauth",
    "authorization",
    "auth()",
    "auth(",
];
const LIMITS: &[&str] = &["ratelimit", "limiter", "throttl"];
/// Marks of a middleware that lets some paths pass.
const EXCEPT: &[&str] = &[
    "unless", "skip", "except", "optional", "public", "router", "routes",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let routes = service.facts.of::<Route>();
    let middleware = service.facts.of::<Middleware>();
    let mounts = service.facts.of::<Mount>();
    let mut outcomes = Vec::new();
    for route in routes.deployed() {
        let Some(path) = route.path.known().filter(|path| is_health(path)) else {
            continue;
        };
        let before = middleware.deployed().filter(|one| {
            one.at.path == route.at.path
                && one.at.symbol == route.at.symbol
                && one.pipeline == route.pipeline
                && one.at.span.end <= route.at.span.start
                && !mounts
                    .items
                    .iter()
                    .any(|mount| mount.at.path == one.at.path && mount.at.span == one.at.span)
        });
        let named = |name: &str, words: &[&str]| {
            let lower = name.to_lowercase();
            words.iter().any(|word| lower.contains(word))
                && !EXCEPT.iter().any(|word| lower.contains(word))
        };
        let found = before
            .map(|one| {
                (
                    one,
                    named(&one.name, AUTHENTICATION),
                    named(&one.name, LIMITS),
                )
            })
            .find(|(_, authenticates, limits)| *authenticates || *limits);
        let Some((one, authenticates, _)) = found else {
            outcomes.push(Outcome::passed(
                format!("no authentication or rate limit precedes `{path}`"),
                Some(&route.at),
            ));
            continue;
        };
        let mentioned: usize = service
            .files
            .iter()
            .filter_map(|file| model.files.get(file))
            .map(|found| found.file.text.matches(path.as_str()).count())
            .sum();
        if mentioned > 1 {
            outcomes.push(Outcome::unknown(format!(
                "other code names `{path}` too, so the middleware may exempt it"
            )));
            continue;
        }
        let severity = if authenticates {
            Severity::Medium
        } else {
            Severity::Low
        };
        let evidence = format!(
            "`{}` at line {} precedes `{path}`",
            one.name.chars().take(40).collect::<String>(),
            one.at.line
        );
        outcomes.push(
            Breach::new(route.at.clone(), Confidence::Medium, evidence)
                .severity(severity)
                .into(),
        );
    }
    outcomes
}

fn is_health(path: &str) -> bool {
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    matches!(
        last,
        "health"
            | "healthz"
            | "livez"
            | "live"
            | "liveness"
            | "ready"
            | "readyz"
            | "readiness"
            | "healthcheck"
    )
}
