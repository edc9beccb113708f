//! Redis streams: streams without a maximum length, and messages that stay pending.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const GROWS: &str = "`{}…)` sets no maximum length, so the stream grows without a bound";
const PENDING: &str =
    "no code claims messages that stay pending after a failure or a restart (`{}`)";
/// Code that limits a stream.
const TRIMS: &str = r"(?i)\bmax_?len|\bminid|\bxtrim|\.trim\([^)\s]";
/// Code that takes over the messages of another consumer, or reads its own pending messages.
const CLAIMS: &str =
    r"(?i)x?auto_?claim|\bxclaim|\bxpending|\.claim\(|\.pending\(|ReadOffset\.from\(";

const fn grows(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: TRIMS,
        ..review(Practice::Expiry, files, pattern, TRIMS, GROWS)
    }
}

const fn pending(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: CLAIMS,
        ..review(Practice::DroppedMessage, files, pattern, CLAIMS, PENDING)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    grows(GO, r"(?P<what>\b(?:\w+\.)*\w+\.XAdd\()"),
    grows(SCRIPT, r"(?P<what>\b(?:\w+\.)*\w+\.x[aA]dd\()"),
    grows(PYTHON, r"(?P<what>\b(?:\w+\.)*\w+\.xadd\()"),
    grows(JVM, r"(?P<what>\bopsForStream\(\)\s*\.add\()"),
    pending(GO, r"(?P<what>\.XReadGroup)\("),
    pending(SCRIPT, r"(?P<what>\.x[rR]ead[gG]roup)\("),
    pending(PYTHON, r"(?P<what>\.xreadgroup)\("),
    pending(JVM, r"(?P<what>\bReadOffset\.lastConsumed\(\))"),
];
