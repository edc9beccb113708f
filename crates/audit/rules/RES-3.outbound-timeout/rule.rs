//! An outgoing call has no timeout.

mod jobs;
mod unused;

use self::jobs::Jobs;
use crate::model::facts::{CallingFunction, EnqueuedFunction, OutboundCall, Practice};
use crate::model::{Model, Resolution, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, observed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.outbound-timeout",
        title: "An outgoing call has no timeout",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "An HTTP call, or the client that makes it, sets no timeout, and its library has no default. If a context, a transport or a wrapper in another file may set one, the result is unknown. Low confidence for a function of a command line (cobra), and for a `RestTemplate` bean that no code of the service calls. A pool of `pg` without a limit for statements counts with low confidence. Low for a call that only Python jobs with a timeout reach (RQ, Celery, Dramatiq). Low for a call to the metadata server of a cloud.",
        why: "A dependency that accepts connections and never responds blocks all workers of this service, and then its callers.",
        fix: &[
            (
                "Go",
                "Create a client with a timeout, `&http.Client{Timeout: 5 * time.Second}`, and pass the request context.",
            ),
            (
                "Python",
                "Set a timeout in every call: `requests.get(url, timeout=(1, 5))`, or use `httpx`, which has one by default.",
            ),
            (
                "any",
                "Set a connect and a total timeout on the client, shorter than the deadline of the callers.",
            ),
        ],
        references: &[
            "https://pkg.go.dev/net/http#Client",
            "https://requests.readthedocs.io/en/latest/user/advanced/#timeouts",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let checks = health_check_words(service);
    let is_check = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        checks
            .iter()
            .any(|word| word.rsplit('/').next() == Some(file))
    };
    let mut outcomes: Vec<Outcome> = service
        .facts
        .of::<OutboundCall>()
        .deployed()
        .map(|call| match &call.timeout {
            Resolution::Absent if is_check(&call.at.path) => Outcome::passed(
                format!(
                    "{}: the timeout of the health check limits it",
                    call.library
                ),
                Some(&call.at),
            ),
            Resolution::Absent => Breach::new(
                call.at.clone(),
                Confidence::High,
                format!("{} has no timeout here", call.library),
            )
            .into(),
            Resolution::Known(bound) => {
                Outcome::passed(format!("{}: {bound}", call.library), Some(&call.at))
            }
            Resolution::Unknown(reason) => {
                Outcome::unknown(format!("{}:{}: {reason}", call.at.path, call.at.line))
            }
        })
        .collect();
    outcomes.extend(
        observed(service, Practice::OutboundTimeout)
            .into_iter()
            .filter(|outcome| !is_read(service, outcome)),
    );
    let functions = service.facts.of::<CallingFunction>();
    let enqueued = service.facts.of::<EnqueuedFunction>();
    let jobs = Jobs::of(&functions, &enqueued);
    for outcome in &mut outcomes {
        let Outcome::Breach(breach) = outcome else {
            continue;
        };
        if unused::is_unused(model, service, breach) {
            breach.confidence = Confidence::Low;
        }
        if breach.confidence == Confidence::Low {
            continue;
        }
        if calls_metadata_server(model, breach) {
            breach.severity = Some(Severity::Low);
        } else if jobs.is_limited(&breach.at) {
            breach.severity = Some(Severity::Low);
            breach
                .evidence
                .push_str(", and only a job with a time limit reaches it");
        }
    }
    outcomes
}

/// The addresses of the metadata server of a cloud. The host of the service responds to them.
const METADATA_SERVERS: &[&str] = &["//metadata.google.internal", "//169.254.169.254"];

/// Whether the call contains the address of a metadata server.
fn calls_metadata_server(model: &Model, breach: &Breach) -> bool {
    let found = model.files.get(&breach.at.path);
    found
        .and_then(|found| found.file.text.get(breach.at.span.clone()))
        .is_some_and(|call| METADATA_SERVERS.iter().any(|server| call.contains(server)))
}

/// Whether a pack that knows the library decided about the place of a review.
fn is_read(service: &Service, outcome: &Outcome) -> bool {
    const NEAR: usize = 3;
    matches!(outcome, Outcome::Breach(breach) if breach.confidence == Confidence::Low
    && service.facts.of::<OutboundCall>().items.iter().any(|call| {
        call.at.path == breach.at.path && call.at.line.abs_diff(breach.at.line) <= NEAR
    }))
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
