//! Redis lists, sets and hashes that only grow, and numbers that are read, changed and set.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const GROWS: &str = "`{}` adds to a key that never expires and that no code trims";
const CHANGED: &str =
    "`{}` reads a number that the code changes and sets again, so a parallel change is lost";
/// Code that removes elements again, such as the reader of a queue.
const REMOVES: &str = r"(?i)\b[blr]+pop\w*\(|ltrim|\blrem\b|\bz?s?rem\w*\(|hdel|leftPop|rightPop|opsForSet\(\)\.remove|opsForHash\(\)\.delete|zremrange|maxmemory-policy|allkeys-lru";

const fn grows(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: REMOVES,
        ..review(
            Practice::Expiry,
            files,
            pattern,
            r"(?i)\bp?expire(?:at)?\w*\(|\.persist\(",
            GROWS,
        )
    }
}

const fn changed(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::SharedState,
        files,
        pattern,
        r"(?i)\.(?:incr|decr)\w*\(|\bwatch\(|\block|redsync|redlock|\beval|script|multi\(\)",
        CHANGED,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    grows(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?i:\w*(?:redis|rdb|rds|cache)\w*)\.(?:[LR]Push|SAdd|ZAdd))\(",
    ),
    grows(
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*(?i:redis|cache)\w*\.(?:[lr][pP]ush|s[aA]dd|z[aA]dd|h[sS]et|hmset))\(",
    ),
    grows(
        PYTHON,
        r"(?P<what>\b(?:self\.)?\w*(?i:redis|rdb|cache)\w*\.(?:[lr]push|sadd|zadd|hset|hmset))\(",
    ),
    grows(
        JVM,
        r"(?P<what>\bopsFor(?:List\(\)\s*\.(?:right|left)Push|Set\(\)\s*\.add|ZSet\(\)\s*\.add|Hash\(\)\s*\.put))(?:All|IfAbsent)?\(",
    ),
    changed(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?i:\w*(?:redis|rdb|rds|cache)\w*)\.Get)\([^\n]*\n(?:[^\n]*\n){0,12}?[^\n]*(?:=\s*\w+\s*[-+]\s*\w+|[-+]=|\+\+|--)[^\n]*\n(?:[^\n]*\n){0,6}?[^\n]*(?i:redis|rdb|rds|cache)\w*\.Set(?:EX|Ex)?\(",
    ),
    changed(
        SCRIPT,
        r"(?P<what>\bawait\s+(?:this\.)?\w*(?i:redis|cache)\w*\.get)\([^\n]*\n(?:[^\n]*\n){0,20}?[^\n]*(?:=\s*[\w.]+\s*[-+]\s*[\w.]+|[-+]=|\+\+|--)[^\n]*\n(?:[^\n]*\n){0,10}?[^\n]*(?i:redis|cache)\w*\.set(?:[eE]x)?\(",
    ),
    changed(
        PYTHON,
        r"(?P<what>\b(?:self\.)?\w*(?i:redis|rdb|cache)\w*\.get)\([^\n]*\n(?:[^\n]*\n){0,12}?[^\n]*(?:=\s*[\w.]+\s*[-+]\s*[\w.]+|[-+]=)[^\n]*\n(?:[^\n]*\n){0,6}?[^\n]*(?i:redis|rdb|cache)\w*\.set(?:ex)?\(",
    ),
];
