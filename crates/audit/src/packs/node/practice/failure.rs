//! What Node.js code does with an error that it catches.

use crate::model::FactSink;
use crate::model::facts::{Topic, Verdict};
use crate::packs::practice::{mentions, show};
use crate::syntax::Code;
use tree_sitter::Node;

pub(super) fn limiter_failure<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    let refuses = mentions(
        text,
        &[
            "503",
            "429",
            "500",
            "next(err",
            "next(e)",
            "throw",
            "return false",
            "allowed: false",
        ],
    );
    let passes =
        text.contains("next()") || text.contains("return true") || text.contains("allowed: true");
    if passes && !refuses {
        let verdict = if mentions(text, &["fail open", "fail-open", "failopen"]) {
            Verdict::Minor
        } else {
            Verdict::Broken
        };
        show(
            code,
            facts,
            caught,
            Topic::LimiterFailure,
            verdict,
            "when the limiter cannot decide, the request goes through",
        );
    } else if refuses && !passes {
        show(
            code,
            facts,
            caught,
            Topic::LimiterFailure,
            Verdict::Kept,
            "when the limiter cannot decide, the request is refused",
        );
    }
}

/// Errors that are logged and become a null, and messages acknowledged on failure.
pub(super) fn swallowed<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    let logs = mentions(text, &["console.", "logger.", "log."]);
    let name = code.name_around(caught).to_lowercase();
    let maker = ["connect", "init", "create", "setup", "make"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let client = mentions(
        &name,
        &[
            "client",
            "publisher",
            "producer",
            "connection",
            "broker",
            "queue",
            "db",
            "database",
            "redis",
            "kafka",
            "rabbit",
            "amqp",
            "pool",
        ],
    );
    if maker && client {
        let returned = code.find_all(caught, &["return_statement"]);
        let value = returned.last().map_or("", |node| {
            code.text(*node)
                .trim_start_matches("return")
                .trim()
                .trim_end_matches(';')
        });
        if logs && matches!(value, "null" | "undefined") && !text.contains("throw") {
            show(
                code,
                facts,
                caught,
                Topic::SilentNull,
                Verdict::Broken,
                format!(
                    "`{}` logs the error and returns `{value}` as if nothing had happened",
                    code.name_around(caught)
                ),
            );
        } else if text.contains("throw") || text.contains("process.exit") {
            show(
                code,
                facts,
                caught,
                Topic::SilentNull,
                Verdict::Kept,
                "the error is passed on",
            );
        }
    }
    let acknowledged = code.calls_within(caught).find(|call| {
        call.method == "ack"
            && mentions(
                call.receiver,
                &["channel", "ch", "msg", "message", "consumer"],
            )
    });
    if let Some(call) = acknowledged {
        if mentions(
            text,
            &[
                "nack",
                "reject",
                "dlq",
                "dead",
                "retry",
                "requeue",
                "publish",
                "sendtoqueue",
            ],
        ) {
            show(
                code,
                facts,
                call.node,
                Topic::DroppedMessage,
                Verdict::Kept,
                "a failed message is put aside before it is acknowledged",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Topic::DroppedMessage,
                Verdict::Broken,
                "a message that failed is acknowledged and gone",
            );
        }
    }
}
