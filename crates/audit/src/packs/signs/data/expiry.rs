//! Redis keys that never expire: caches, sessions, codes and locks.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const LOCK: &str = "`{}` acquires a lock without an expiry, so a crash leaves it locked";
const KEY: &str = "`{}` stores a key without an expiry";
/// A store that limits its own memory.
const EVICTS: &str = r"maxmemory-policy|allkeys-lru";

const fn never(
    files: &'static [&'static str],
    pattern: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        elsewhere: EVICTS,
        ..review(
            Practice::Expiry,
            files,
            pattern,
            r"(?i)\bexpire(?:at)?\(|\.persist\(",
            evidence,
        )
    }
}

const COUNTER: &str = "`{}` counts under a key without an expiry";

pub(super) const SIGNS: &[Sign] = &[
    never(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?i:\w*(?:redis|rdb|cache|client|rds|kv))\.Incr(?:By)?)\([^\n]*(?i:rate|limit|attempt|req|login|user|otp|\bip)",
        COUNTER,
    ),
    never(
        PYTHON,
        r"(?P<what>\b\w*(?i:redis|rdb|cache)\w*\.incr(?:by)?)\([^\n]*(?i:rate|limit|attempt|req|login|user|otp|\bip)",
        COUNTER,
    ),
    never(
        SCRIPT,
        r"(?P<what>\b\w*(?i:redis|cache)\w*\.incr(?:by)?)\([^\n]*(?i:rate|limit|attempt|req|login|user|otp|\bip)",
        COUNTER,
    ),
    never(
        GO,
        r"(?P<what>\.SetNX)\([^\n]*,\s*(?:0|redis\.KeepTTL)\s*\)",
        LOCK,
    ),
    never(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?i:\w*(?:redis|rdb|cache|client|rds|kv)|c|r)\.Set)\(\s*(?:ctx|c|context\.\w+\(\)|r\.Context\(\)|\w+\.ctx),[^\n]*,\s*0\s*\)",
        KEY,
    ),
    never(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?i:\w*(?:redis|rdb|rds|cache))\.HM?Set)\(",
        KEY,
    ),
    never(SCRIPT, r"(?P<what>\.setnx)\(", LOCK),
    never(
        SCRIPT,
        r"(?P<what>\b\w*(?i:redis|cache)\w*\.set)\([^;\n]*,\s*['\x22]NX['\x22]\s*\)",
        LOCK,
    ),
    never(
        SCRIPT,
        r"(?P<what>\b\w*(?i:redis|cache)\w*(?:\(\))?\.set)\(\s*[^,;\n]+,\s*(?:JSON\.stringify\([^;\n()]*\)|[\w.]+|[\w.]+\([^()\n]*\))\s*\)",
        KEY,
    ),
    never(
        PYTHON,
        r"(?P<what>\b\w*(?i:redis|rdb|cache)\w*\.set)\(\s*[^,\n]+,\s*(?:json\.dumps\([^\n()]*\)|[\w.]+|['\x22][^'\x22\n]*['\x22])\s*\)",
        KEY,
    ),
    never(
        PYTHON,
        r"(?P<what>\b\w*(?i:redis|rdb)\w*\.(?:setnx\(|set\([^\n]*nx=True\s*\)))",
        LOCK,
    ),
    never(
        JVM,
        r"(?P<what>opsForValue\(\)\s*\.(?:set|setIfAbsent))\(\s*[^,;\n]+,\s*[^,;\n]+\);",
        KEY,
    ),
];
