//! Work that forgets whom it is for.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-6.context-lost",
        title: "A handler starts over with an empty context",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Go: `context.Background()` or `TODO()` in a function that has a request (medium) or gets a context (low). Goroutines, deferred calls, contexts with an end of their own, and starting or stopping code are meant to outlive the request.",
        why: "A caller who goes away leaves the query running; deadlines and traces end here.",
        fix: &[
            (
                "Go",
                "Pass `r.Context()` on; for work that must outlive the request, `context.WithoutCancel(ctx)` keeps its values.",
            ),
            ("any", "Pass the context of the request on."),
        ],
        references: &["https://pkg.go.dev/context"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed_by_file(service, Topic::RequestContext),
            service,
            &["Go"],
            "no request starts over with an empty context",
        )
    }),
};
