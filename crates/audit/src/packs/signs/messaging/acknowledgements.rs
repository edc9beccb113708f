//! Consumers that acknowledge a failed message, or end at the first error of the broker.

use super::{GO, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const FAILED: &str =
    "`{}` also runs after a failure that the code only logs, so the message is lost";
/// Words of code that keeps a failed message.
const KEPT: &str =
    r"(?i)nack\w*\(|reject\w*\(|dead.?letter|dlq|\bretry\w*\(|backoff|ResetOffset|requeue";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::DroppedMessage,
        GO,
        r"(?P<what>\b\w+\.(?:MarkMessage|MarkOffset|CommitMessages|CommitMessage))\(",
        r"err != nil \{\s*\n(?:[^\n}]*(?i:log|print)[^\n]*\n)+\s*\}",
        KEPT,
        FAILED,
    ),
    inside(
        Practice::DroppedMessage,
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*[cC]hannel\w*\.ack|\b\w+\.resolveOffset)\(",
        r"catch\s*(?:\([^)\n]*\))?\s*\{\s*(?:[^\n{}]*(?i:log|console)[^\n{}]*\n\s*)+\}",
        KEPT,
        FAILED,
    ),
    inside(
        Practice::DroppedMessage,
        PYTHON,
        r"(?P<what>\b\w+\.(?:basic_ack|commit))\(",
        r"\b(?:basic_deliver|method|msg|message|record)\b[\s\S]*except\b[^\n]*:\s*\n(?:[ \t]+[^\n]*(?i:log|print)[^\n]*\n)+(?:[ \t]*\n|[ \t]*finally:|[ \t]*\w+\.(?:basic_ack|commit))",
        KEPT,
        FAILED,
    ),
    review(
        Practice::Reconnect,
        GO,
        r"for \{\s*\n(?:[^\n]*\n){0,4}?[^\n]*(?P<what>\b\w+\.Consume)\(\s*\w*[cC]tx\w*[^\n]*(?:\n\s*if err != nil|; err != nil) \{\s*\n(?:[^\n}]*(?i:log|print)[^\n]*\n)?\s*(?:return|break|panic)\b",
        r"(?i)backoff|retry|time\.Sleep",
        "the consumer ends at the first error of `{}`",
    ),
    Sign {
        elsewhere: r"(?i)NotifyClose|reconnect",
        ..inside(
            Practice::Reconnect,
            GO,
            r"\bfor \w+ := range (?P<what>\w*(?i:messages|msgs|deliveries|delivery))\s*\{",
            r"\.Consume(?:WithContext)?\(",
            r"(?i)NotifyClose|reconnect",
            "the loop over `{}` ends with its connection, and nothing connects again",
        )
    },
    inside(
        Practice::Redelivery,
        GO,
        r"(?P<what>\.Nack\(\s*false\s*,\s*true\s*\))",
        r"\bfunc\b",
        r"(?i)x-death|attempt|\.Redelivered|requeue",
        "`{}` returns a message that always fails to the queue without a limit",
    ),
];
