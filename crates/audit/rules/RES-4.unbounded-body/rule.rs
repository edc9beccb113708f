//! A body is read into memory without a limit.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_unless_kept};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-4.unbounded-body",
        title: "A request body is read into memory without a limit",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: `io.ReadAll` of a request body in a file without a limit (`http.MaxBytesReader`, `io.LimitReader`). Low for the response of another service. Node.js: a body collected from `data` events without a length check, or the limit `Infinity`. Express (100 kB), Fastify and Actix have default limits. Java: an answer that is read as one text.",
        why: "One request of several gigabytes exhausts the memory and ends the process.",
        fix: &[
            (
                "Go",
                "`r.Body = http.MaxBytesReader(w, r.Body, 2<<20)` before it is read.",
            ),
            (
                "any",
                "Limit the body size (2 MiB suffices for JSON), and return 413 for larger bodies.",
            ),
        ],
        references: &["https://pkg.go.dev/net/http#MaxBytesReader"],
    },
    check: Check::Service(|_, service| observed_unless_kept(service, Practice::UnboundedBody)),
};
