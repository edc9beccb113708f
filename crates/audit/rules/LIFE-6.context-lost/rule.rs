//! A call does not use the request context.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-6.context-lost",
        title: "A call does not use the request context",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Go: `context.Background()` or `TODO()` in a function that has a request (medium) or a context parameter (low). Goroutines, deferred calls, and startup or shutdown code are excluded. A context with its own timeout counts with low confidence, also in a method of a repository that gets no context. C#: a handler passes its cancellation token to no call (low confidence). Low confidence for a query without a context. A call of another service with `context.Background()` counts with low confidence. A goroutine that gets the context of a request counts too, because that context ends with the response.",
        why: "Queries continue after the client disconnects. Deadlines and traces are lost.",
        fix: &[
            (
                "Go",
                "Pass on `r.Context()`. For work that must outlive the request, use `context.WithoutCancel(ctx)`, which keeps its values.",
            ),
            ("any", "Pass on the request context."),
        ],
        references: &["https://pkg.go.dev/context"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed_by_file(service, Practice::RequestContext),
            service,
            &["Go"],
            "no handler replaces the request context",
        )
    }),
};
