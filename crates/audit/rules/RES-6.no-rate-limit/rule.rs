//! The service has no rate limit.

use crate::model::facts::{Import, Middleware, Route, Server};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, absent_in_texts,
    texts_contain,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.no-rate-limit",
        title: "The service has no rate limit",
        severity: Severity::Info,
        category: Category::Resilience,
        meaning: "A Go, Node.js, Python, Rust, Java or Kotlin server registers no rate limit middleware and imports no rate limit library. Severity info, because a gateway may limit requests.",
        why: "One client, or one retry loop in a client, can make the service unavailable for all others.",
        fix: &[(
            "any",
            "Set explicit limits per user or IP address, and return 429 with `Retry-After`.",
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
    "bucket4j",
    "resilience4j",
    "governor",
    "actix_limitation",
    "GlobalConcurrencyLimit",
    "RateLimitLayer",
    "seaworthy",
];

/// The minimum number of code files of a server without a known route.
const MIN_FILES: usize = 3;
/// Parts of files that limit requests.
const WORDS: &[&str] = &[
    "rate-limit",
    "rate_limit",
    "ratelimit",
    "rate limit",
    "throttl",
    "limiter",
    "slowapi",
    "tollbooth",
    "x/time/rate",
    "bucket4j",
    "governor",
    "PeriodLimit",
    "TokenLimit",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    if service.kind == ServiceKind::Unknown {
        return absent_in_texts(
            model,
            service,
            WORDS,
            "no file of the service mentions a rate limiter",
        )
        .into_iter()
        .collect();
    }
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    if !service.languages.iter().all(|language| {
        matches!(
            *language,
            "Go" | "JavaScript" | "TypeScript" | "Python" | "Rust" | "Java" | "Kotlin"
        )
    }) {
        let servers = service.facts.of::<Server>();
        return match servers.deployed().next() {
            Some(server) if !texts_contain(model, service, LIBRARIES) => vec![
                Breach::review(
                    server.at.clone(),
                    "no file of the service mentions a rate limiter",
                )
                .absence()
                .into(),
            ],
            _ => Vec::new(),
        };
    }
    // The class of an error limits nothing.
    let named = |text: &str| {
        let text = text.to_lowercase();
        !text.ends_with("error")
            && !text.ends_with("exception")
            && LIBRARIES.iter().any(|library| text.contains(library))
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
        return vec![Outcome::passed(
            "a rate limiter is registered",
            Some(&one.at),
        )];
    }
    let routes = service.facts.of::<Route>();
    if let Some(route) = routes.deployed().next() {
        let evidence = "no rate limiter is registered or imported";
        return vec![
            Breach::new(route.at.clone(), Confidence::Low, evidence)
                .absence()
                .into(),
        ];
    }
    // A program with few files may serve no requests.
    let code = model.files_of(service);
    if code.filter(|found| found.file.language.is_code()).count() < MIN_FILES {
        return Vec::new();
    }
    let evidence = "no file of the service mentions a rate limiter";
    absent_in_texts(model, service, WORDS, evidence)
        .into_iter()
        .collect()
}
