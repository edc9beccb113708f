//! Messages of Kafka without a key: two messages about one record may arrive in another order.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const NO_KEY: &str =
    "`{}` sends messages without a key, so two messages about one record may change their order";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SharedState,
        SCRIPT,
        r"(?P<what>\b[\w.]*\.send)\(\s*\{\s*topic\b[^;]{0,200}?messages\s*:\s*\[\s*\{\s*value\s*:[^;]{0,200}?\}\s*\]",
        r"\bkey\s*:|partition\s*:",
        NO_KEY,
    ),
    inside(
        Practice::SharedState,
        GO,
        r"(?P<what>\bkafka\.Message)\{\s*(?:Topic:[^\n,]*,\s*)?(?:TopicPartition:[^\n]*,\s*)?Value:",
        r"\b(?:WriteMessages|Produce)\(",
        r"\bKey:",
        NO_KEY,
    ),
    inside(
        Practice::SharedState,
        GO,
        r"(?P<what>&?sarama\.ProducerMessage)\{",
        r"SendMessage|Input\(\)",
        r"\bKey:|\.Key\s*=",
        NO_KEY,
    ),
    review(
        Practice::SharedState,
        JVM,
        r"(?P<what>\b\w*[kK]afka\w*\.send)\(\s*[\w.\x22-]+\s*,\s*(?:\w*(?i:event|message|payload|json|dto|order|request)\w*|\w+\.\w+\([^()]*\))\s*\)",
        "",
        NO_KEY,
    ),
    review(
        Practice::SharedState,
        PYTHON,
        r"(?P<what>\b(?:self\.)?_?\w*producer\.(?:send|send_and_wait|produce))\(\s*(?:topic\s*=\s*)?[\w.'\x22-]+\s*,\s*(?:value\s*=\s*)?[^)\n]*\)",
        r"\bkey\s*=",
        NO_KEY,
    ),
];
