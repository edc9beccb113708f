//! Relays of an outbox: rows that each replica sends, and messages that no code sends again.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const TWICE: &str =
    "each replica reads the same unsent messages (`{}`), because no lock reserves them";
const GIVES_UP: &str =
    "after some attempts `{}…)` marks the message, and no code sends it again after an outage";
/// Code that reserves rows for one replica.
const RESERVES: &str = r"(?i)skip locked|clause\.Locking|pessimistic_(?:write|partial)|advisory_(?:xact_)?lock|\bleader|shedlock|redlock|locked_(?:by|until|at)|\blease|claimed_(?:by|at)|setLock\(";
/// Code that sends failed messages again.
const AGAIN: &str = r"(?i)\b\w*(?:requeue|replay|resend|re_?drive|retry_?(?:failed|dead)|reset_?failed)\w*\b|dead_?letter|\bdlq\b|alert";

const fn twice(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: RESERVES,
        ..inside(
            Practice::Schedule,
            files,
            pattern,
            "(?i)outbox",
            RESERVES,
            TWICE,
        )
    }
}

const fn gives_up(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: AGAIN,
        ..inside(
            Practice::DroppedMessage,
            files,
            pattern,
            r"(?i)outbox|publish|relay|produce",
            AGAIN,
            GIVES_UP,
        )
    }
}

pub(super) const SIGNS: &[Sign] = &[
    twice(
        GO,
        r"(?m)^func \([^)\n]*\) (?P<what>\w*(?i:pending|unsent|unpublished|unprocessed)\w*)\([^\n]*\{$",
    ),
    twice(
        SCRIPT,
        r"(?m)^\s*(?:async |public |private )*(?P<what>\w*(?i:pending|unsent|unpublished|unprocessed)\w*)\([^\n]*\{$",
    ),
    twice(
        PYTHON,
        r"(?m)^\s*(?:async )?def (?P<what>\w*(?i:pending|unsent|unpublished|unprocessed)\w*)\(",
    ),
    twice(
        JVM,
        r"(?P<what>\b\w*(?i:outbox)\w*\.find\w*(?i:pending|unsent|unpublished|unprocessed|status|published)\w*)\(",
    ),
    gives_up(
        GO,
        r"(?m)^\s*if [^\n{]*(?i:retr(?:y|ies)|attempt)\w*[^\n{]*>=?[^\n{]*\{\s*\n(?:[^\n}]*\n){0,2}?[^\n}]*(?P<what>\b[\w.]+\.(?i:mark|set|update)\w*(?i:failed|dead|error)\w*)\(",
    ),
    gives_up(
        SCRIPT,
        r"\bif\s*\([^\n{]*(?i:retr(?:y|ies)|attempt)\w*[^\n{]*>=?[^\n{]*\{\s*(?:[^\n}]*\n){0,2}?[^\n}]*(?P<what>\b[\w.]+\.(?i:mark|set|update)\w*(?i:failed|dead|error)\w*)\(",
    ),
    gives_up(
        JVM,
        r"\bif\s*\([^\n{]*(?i:retr(?:y|ies)|attempt)\w*[^\n{]*>=?[^\n{]*\{\s*(?:[^\n}]*\n){0,2}?[^\n}]*(?P<what>\b[\w.]+\.(?:setStatus\([^()\n]*(?:FAILED|DEAD)|(?i:mark)\w*(?i:failed|dead)\w*))",
    ),
    gives_up(
        PYTHON,
        r"(?m)^\s*if [^\n:]*(?:retr(?:y|ies)|attempt)\w*[^\n:]*>=?[^\n:]*:\s*\n(?:[^\n]*\n)?\s*(?P<what>[\w.]*(?:mark|set|update)\w*(?:failed|dead|error)\w*)\(",
    ),
];
