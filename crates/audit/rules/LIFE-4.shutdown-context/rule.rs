//! The shutdown uses a context that is already cancelled.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.shutdown-context",
        title: "The shutdown has no time limit, or uses a context that is already cancelled",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "Go: `Shutdown` gets the context whose cancellation started the stop (`signal.NotifyContext`), or a timeout derived from it. Low confidence: `Shutdown` gets a context without a timeout, the program does not wait for SIGTERM, or the wait is shorter than five seconds. Also low confidence: a stop that waits for its whole time limit after the drain, and no setting of Spring Boot makes its shutdown graceful.",
        why: "`Shutdown` returns `context canceled` immediately. The server aborts all open requests.",
        fix: &[
            (
                "Go",
                "`ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)` after the signal, and `server.Shutdown(ctx)`.",
            ),
            ("any", "Use a new context with a timeout for the shutdown."),
        ],
        references: &["https://pkg.go.dev/net/http#Server.Shutdown"],
    },
    check: Check::Service(|_, service| observed(service, Practice::ShutdownContext)),
};
