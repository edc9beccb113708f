//! An outbound call that may wait for ever.

use crate::model::facts::OutboundCall;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.outbound-timeout",
        title: "An outbound call has no timeout",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "A call over HTTP, or the client that makes it, sets no bound on time, and its library has none by default. Calls bounded by a context, a transport or a wrapper that this file does not show are unknown.",
        why: "One dependency that accepts and never answers takes every worker of this service, and then the services that call it.",
        fix: &[
            (
                "Go",
                "Use an own client: `&http.Client{Timeout: 5 * time.Second}`, and pass the request's context.",
            ),
            (
                "Python",
                "Name a timeout in every call: `requests.get(url, timeout=(1, 5))`, or use `httpx`, which has one by default.",
            ),
            (
                "any",
                "Set a connect and a total timeout on the client, shorter than the deadline of whoever calls you.",
            ),
        ],
        references: &[
            "https://pkg.go.dev/net/http#Client",
            "https://requests.readthedocs.io/en/latest/user/advanced/#timeouts",
        ],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let checks = health_check_words(service);
    let is_check = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        checks
            .iter()
            .any(|word| word.rsplit('/').next() == Some(file))
    };
    service
        .facts
        .of::<OutboundCall>()
        .deployed()
        .map(|call| match &call.timeout {
            Resolution::Absent if is_check(&call.at.path) => Outcome::passed(
                format!(
                    "{}: the health check that runs this file ends it",
                    call.library
                ),
                Some(&call.at),
            ),
            Resolution::Absent => Breach::new(
                call.at.clone(),
                Confidence::High,
                format!("{} waits without a limit here", call.library),
            )
            .into(),
            Resolution::Known(bound) => {
                Outcome::passed(format!("{}: {bound}", call.library), Some(&call.at))
            }
            Resolution::Unknown(reason) => {
                Outcome::unknown(format!("{}:{}: {reason}", call.at.path, call.at.line))
            }
        })
        .collect()
}

/// The words of the commands that check the service: an engine ends them after a time of its own.
fn health_check_words(service: &Service) -> Vec<&str> {
    let image = service
        .image
        .iter()
        .filter_map(|image| image.healthcheck(service.target.as_deref()))
        .flat_map(|check| &check.command);
    let compose = service
        .compose
        .iter()
        .filter_map(|entry| entry.healthcheck.as_ref())
        .flat_map(|(words, _)| words);
    image
        .chain(compose)
        .flat_map(|word| word.split_whitespace())
        .collect()
}
