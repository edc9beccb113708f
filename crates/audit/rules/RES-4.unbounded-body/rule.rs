//! A request that may be as long as its sender likes.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_unless_kept};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-4.unbounded-body",
        title: "A request body is read into memory without a bound",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: `io.ReadAll` of a request body in a file that bounds nothing (`http.MaxBytesReader`, `io.LimitReader`). Node.js: a body gathered from `data` events without a check of its length, or a limit of `Infinity`. Express (100 kB), Fastify and Actix bound it by themselves.",
        why: "One request of some gigabytes ends the process.",
        fix: &[
            (
                "Go",
                "`r.Body = http.MaxBytesReader(w, r.Body, 2<<20)` before it is read.",
            ),
            (
                "any",
                "Bound the body (2 MiB is plenty for JSON) and answer 413 beyond.",
            ),
        ],
        references: &["https://pkg.go.dev/net/http#MaxBytesReader"],
    },
    check: Check::Service(|_, service| observed_unless_kept(service, Topic::UnboundedBody)),
};
