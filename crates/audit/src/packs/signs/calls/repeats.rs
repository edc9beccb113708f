//! Repeated calls: loops without a backoff, and idempotency keys that differ in each attempt.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const DIFFERS: &str =
    "each attempt has another key (`{}`), so a repeated call has its effect twice";

const fn differs(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::Idempotency, files, pattern, "", DIFFERS)
}

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::RetryDelay,
        JVM,
        r"\b(?P<what>for\s*\(\s*int \w+\s*=\s*[01];[^;]*;[^)]*\)|while\s*\([^)\n]*(?i:retr|attempt)[^)\n]*\))\s*\{\s*try\s*\{",
        ONE_FUNCTION,
        r"(?i)sleep|backoff|delay\(|parkNanos|await\(",
        "`{}` repeats the call at once",
    ),
    differs(
        JVM,
        r"(?P<what>(?i:idempotency|sender_?batch|request)_?-?(?i:key|id)\w*\x22?\s*[,=(]\s*[^;,\n]*(?:System\.currentTimeMillis\(\)|UUID\.randomUUID\(\)))",
    ),
    differs(
        SCRIPT,
        r"(?P<what>(?i:idempotency-?_?key)['\x22]?\s*\]?\s*[:,=]\s*[^;,\n]*(?:Date\.now\(\)|uuid(?:v4)?\(\)|randomUUID\(\)))",
    ),
    differs(
        GO,
        r"(?P<what>(?i:idempotency-?_?key)\x22?\s*[,:]?=?\s*[^;\n]*(?:time\.Now\(\)|uuid\.New\w*\())",
    ),
    differs(
        PYTHON,
        r"(?P<what>(?i:idempotency[-_]?key)['\x22]?\s*[:=]\s*[^;\n]*(?:uuid4\(\)|time\.time\(\)))",
    ),
];
