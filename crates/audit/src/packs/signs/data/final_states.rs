//! Final states that a function sets without reading the present one.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const UNREAD: &str =
    "`{}` is set without reading the current state, so a finished record can change again";
/// Code that reads the present state.
const READS: &str = r"(?i)status\w*(?:\(\))?\s*(?:[!=]==?|\bin\b|not in|\.equals)|[!=]==?\s*\w*\.?status|transition|switch\b|\bcase\b|\bmatch\b|is(?:Cancel|Paid|Complete|Confirm|Pending|Refund)\w*\(|can(?:Cancel|Be|Pay|Refund)\w*\(|where[^;\n]{0,80}status|status\s*:\s*\{|and status|EnumSet|for_?update|for update|pessimistic|validate\w*Status|includes\(";
/// The end of the name of a final state.
macro_rules! end {
    () => {
        r"(?i:cancell?ed|refunded|completed|confirmed|approved|rejected|paid|shipped|delivered|settled)"
    };
}

const fn unread(
    files: &'static [&'static str],
    pattern: &'static str,
    within: &'static str,
) -> Sign {
    inside(Practice::SharedState, files, pattern, within, READS, UNREAD)
}

pub(super) const SIGNS: &[Sign] = &[
    unread(
        JVM,
        concat!(
            r"\bset\w*(?:Status|State)\(\s*(?P<what>[\w.]*",
            end!(),
            r")\s*\)"
        ),
        r"(?i)find\w*\(|get\w*By\w*\(|orElseThrow|load\w*\(",
    ),
    unread(
        SCRIPT,
        concat!(
            r"\b(?:status|state)\s*[:=]\s*(?P<what>(?:\w+\.)*['\x22]?\w*",
            end!(),
            r")\b"
        ),
        r"\.(?:findByIdAndUpdate|findOneAndUpdate|update\w*|save)\(",
    ),
    unread(
        GO,
        concat!(
            r"\.(?:Status|State)\s*=\s*(?P<what>[\w.\x22]*",
            end!(),
            r")\b"
        ),
        r"(?i)\.(?:get|find|first|load|fetch)\w*\(",
    ),
    unread(
        PYTHON,
        concat!(
            r"\.(?:status|state)\s*=\s*(?P<what>[\w.'\x22]*",
            end!(),
            r")\b"
        ),
        r"(?i)\.(?:get|filter|find|first|query|scalar)\w*\(|get_by|get_or",
    ),
];
