//! Messages that a consumer removes from the queue before their work is done.

use super::{Sign, review};
use crate::model::facts::Practice;
use crate::packs::signs::body::line;

const CODE: &[&str] = &[
    ".rs", ".go", ".ts", ".js", ".py", ".java", ".kt", ".cs", ".php", ".rb",
];
const LOST: &str = "`{}` removes entries before the work on them is done, so a failure loses them";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::DestructivePop,
        &[".rs"],
        concat!(
            r"\.(?:xrange\w*|xrevrange\w*|zrange\w*|lrange|smembers|hgetall)\(",
            r"[^\n]*",
            line!(),
            r"{1,60}?[^\n]*(?P<what>\.(?:del|ltrim|xtrim|xdel|zrem\w*|srem|hdel))\("
        ),
        r"Script::new|\.atomic\(\)|(?i)\bEVAL\b",
        "entries are read and then removed by `{}`, so an entry that arrives in between is lost",
    ),
    review(
        Practice::DestructivePop,
        &[".py"],
        concat!(
            r"\.(?:xrange|zrange\w*|lrange|smembers|hgetall)\([^\n]*",
            r"(?:\n(?:[ \t]+[^\n]*)?){1,25}?[^\n]*(?P<what>\.(?:ltrim|xtrim|xdel|zrem\w*|srem))\("
        ),
        r"pipeline\(|register_script|\.eval\(",
        LOST,
    ),
    review(
        Practice::DestructivePop,
        CODE,
        r"(?i)(?P<what>\bdelete\s+from\s+\w*(?:queue|outbox|inbox|message|job|task|event|notification)\w*)\s[^;`]{0,400}?\breturning\b",
        r"(?i)\.begin\w*\(|\bbegin;|transaction|\btx\.",
        LOST,
    ),
    review(
        Practice::DestructivePop,
        CODE,
        r"(?P<what>\b\w*(?i:queue|inbox|buffer|outbox|pending)\w*(?:\(\))?\.(?:drain|drainTo|drain_all|pop_all|popAll|take_all|takeAll|dequeue_all))\([^\n]*(?:\n[^\n]*){1,14}?[^\n]*\.(?:send|publish|emit|deliver)\w*\(",
        r"(?i)re_?enqueue|requeue|push_front|put_back|\.ack\(",
        LOST,
    ),
];
