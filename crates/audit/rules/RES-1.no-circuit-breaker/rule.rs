//! Outgoing calls have no circuit breaker.

use crate::model::facts::{Import, OutboundCall};
use crate::model::{Model, Service};
use crate::repository::Role;
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, runs_code,
    texts_contain,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-1.no-circuit-breaker",
        title: "Outgoing calls have no circuit breaker",
        severity: Severity::Info,
        category: Category::Resilience,
        meaning: "A service calls other services over HTTP or gRPC, and imports or mentions no circuit breaker. Severity info, because a mesh may break circuits, and short timeouts may suffice.",
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
];

/// Parts of files that call another service.
const CALLS: &[&str] = &[
    "grpc.Dial",
    "grpc.NewClient",
    "grpc.DialInsecure",
    "http.NewClient",
    "http.Client{",
    "http.NewRequest",
    "http.Get(",
    "resty.New",
    "ClientProxy",
    "ClientsModule",
    "HttpService",
    "axios",
    "node-fetch",
    "createProxyMiddleware",
    "http-proxy",
    "RestTemplate",
    "WebClient",
    "FeignClient",
    "RestClient",
    "HttpClient",
    "reqwest::",
    "httpx.",
    "requests.get(",
    "requests.post(",
    "insecure_channel(",
    "zrpc.MustNewClient",
];

/// Parts of files that use a circuit breaker.
const BREAKERS: &[&str] = &[
    "breaker",
    "hystrix",
    "opossum",
    "cockatiel",
    "resilience",
    "seaworthy",
];

/// A call that the auditor finds in the text only.
fn in_texts(model: &Model, service: &Service) -> Option<Outcome> {
    if !runs_code(service) || texts_contain(model, service, BREAKERS) {
        return None;
    }
    model
        .files_of(service)
        .filter(|found| found.file.role == Role::Production && found.file.language.is_code())
        .find_map(|found| {
            let (at, call) = CALLS
                .iter()
                .find_map(|call| Some((found.file.text.find(call)?, call)))?;
            let place = found.file.location(at..at + call.len(), None);
            let evidence = "the service calls other services here and mentions no circuit breaker";
            Some(Breach::review(place, evidence).absence().into())
        })
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let calls = service.facts.of::<OutboundCall>();
    let Some(call) = calls.deployed().next() else {
        return in_texts(model, service).into_iter().collect();
    };
    let imports = service.facts.of::<Import>();
    let imported = imports.deployed().find(|import| {
        LIBRARIES
            .iter()
            .any(|library| import.path.contains(library))
    });
    match imported {
        Some(import) => vec![Outcome::passed(
            format!("`{}` is imported", import.path),
            Some(&import.at),
        )],
        None if texts_contain(model, service, BREAKERS) => Vec::new(),
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
