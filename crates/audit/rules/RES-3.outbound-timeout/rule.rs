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
    service
        .facts
        .of::<OutboundCall>()
        .deployed()
        .map(|call| match &call.timeout {
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
