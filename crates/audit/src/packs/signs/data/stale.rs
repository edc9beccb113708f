//! Copies that outlive their record, locks that another owner holds, and work that no request waits
//! for.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const STALE: &str = "`{}` keeps a copy that no change of the record removes";
const FOREIGN: &str =
    "`{}` releases the lock without checking its owner, so it may end the lock of another process";
const UNBOUNDED: &str = "`{}` starts one task for each message, and no code limits their number";

/// A copy in a cache. `elsewhere` matches code that removes one.
const fn stale(
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(Practice::SharedState, files, pattern, "", STALE)
    }
}

const fn foreign(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::SharedState,
        files,
        pattern,
        r"(?i)\beval|script|redsync|redlock|compare",
        FOREIGN,
    )
}

const fn unbounded(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::OwnedTask,
        files,
        pattern,
        r"(?i)semaphore|errgroup|\bsem\b|SetLimit|worker_?pool|ants\.|p-limit|\blimit\(",
        UNBOUNDED,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    stale(
        JVM,
        r"(?P<what>@Cacheable)\b",
        r"@CacheEvict|@CachePut|@Caching|expireAfterWrite|entryTtl",
    ),
    stale(
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*[cC]ache\w*\.set)\(",
        r"(?i)cache\w*\.(?:del|delete|reset|clear|invalidate\w*)\(",
    ),
    stale(
        PYTHON,
        r"(?P<what>@cached\b|@cache_page\b|\bcache\.set)\(",
        r"cache\.(?:delete|clear|invalidate)\w*\(",
    ),
    foreign(GO, r"\.SetNX\((?:[^\n]*\n){1,30}?[^\n]*(?P<what>\.Del)\("),
    foreign(
        SCRIPT,
        r"(?:\.setnx\(|['\x22]NX['\x22]|NX:\s*true)(?:[^\n]*\n){1,40}?[^\n]*(?P<what>\.del)\(",
    ),
    foreign(
        PYTHON,
        r"(?:\.setnx\(|nx=True)(?:[^\n]*\n){1,30}?[^\n]*(?P<what>\.delete)\(",
    ),
    foreign(
        JVM,
        r"\.setIfAbsent\((?:[^\n]*\n){1,30}?[^\n]*(?P<what>\.delete)\(",
    ),
    unbounded(
        GO,
        r"for (?:\w+, )?\w+ := range [\w.]*(?i:msgs|messages|deliver\w*|events|claim\.Messages\(\)|\bch)\s*\{\s*\n(?:[^\n]*\n){0,4}?\s*(?P<what>go (?:func|\w+(?:\.\w+)*)\()",
    ),
    review(
        Practice::OwnedTask,
        GO,
        r"(?m)^[ \t]+(?P<what>go (?:func\(\w[^)\n]*\)|[a-z]\w*(?:\.\w+)+\(|[a-z]\w*(?:Async|Email|Mail|Event|Notification|Log|Audit)\w*\())",
        r"func main\(|sync\.WaitGroup|errgroup|\bwg\.|\.Wait\(\)|<-done|<-quit|ListenAndServe|\.Serve\(|lifecycle|fx\.Hook",
        "no shutdown waits for `{}…)`, and its panic ends the process",
    ),
    review(
        Practice::OwnedTask,
        SCRIPT,
        r"(?m)^[ \t]+(?P<what>setImmediate\(|process\.nextTick\(\s*async)",
        "",
        "no request and no shutdown waits for the work of `{}…)`",
    ),
];
