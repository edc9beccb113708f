//! Listeners and producers of Spring for Kafka.

use super::{JVM, ONE_FUNCTION, Sign, inside};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::Acknowledgement,
        JVM,
        r"@KafkaListener\([^)]*\)\s*(?:@\w+[^\n]*\n\s*)*?(?P<what>@Transactional)\b[\s\S]{0,4000}?\.acknowledge\(\)",
        ONE_FUNCTION,
        r"afterCommit|TransactionSynchronization",
        "with `{}` the offset is committed before the transaction, which may still fail",
    ),
    inside(
        Practice::PublisherConfirm,
        JVM,
        r"[tT]emplate\.send\([^;]*;[\s\S]{0,200}?(?P<what>\.(?:whenComplete|addCallback))\(",
        ONE_FUNCTION,
        r"(?i)throw|exceptionally|retry|outbox|dead|\.get\(|\.join\(|save\w*\(",
        "the code after `{}` only logs a failed message",
    ),
];
