//! Calls that are repeated: effects inside a retry, loops that fail at once again, and connections
//! that each message opens.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const TWICE: &str =
    "`{}` is retried without an idempotency key, so a lost response doubles its effect";
const AT_ONCE: &str = "the loop repeats `{}` after a failure without a delay";
const EACH: &str = "`{}` opens something on the broker for each message";
/// Words of a request that the other side recognizes when it arrives twice.
const KEY: &str = r"(?i)idempoten|x-request-id|request_?id";
/// Words of a loop that waits.
const WAITS: &str = r"(?i)sleep|backoff|time\.After|ticker|\bwait|delay|timeout";
/// Words of code that keeps a connection for later messages.
const REUSED: &str = r"(?i)if (?:self\.|this\.|\w+\.)?_?\w*(?:chan\w*|conn\w*)\s*(?:==|is|!=)|pool|\bonce\b|get_?or_?create|!\s*this\.\w*(?:channel|connection)|is_closed";

const fn retried(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::Idempotency,
        files,
        pattern,
        ONE_FUNCTION,
        KEY,
        TWICE,
    )
}

const fn opened(
    files: &'static [&'static str],
    pattern: &'static str,
    within: &'static str,
) -> Sign {
    inside(Practice::Leak, files, pattern, within, REUSED, EACH)
}

pub(super) const SIGNS: &[Sign] = &[
    retried(
        GO,
        r"(?i)\bretry\w*\.(?:do|retry)\w*\((?:[^\n]*\n){0,8}?[^\n]*(?P<what>\b[\w.]+\.(?:post|postform|charge|create\w+|reserve\w*|capture|transfer)\()",
    ),
    retried(
        SCRIPT,
        r"\b\w*[rR]etry\w*\(\s*(?:async\s*)?\(\w*\)\s*=>(?:[^;\n]*\n){0,6}?[^;\n]*(?P<what>\b[\w.]+\.post(?:<[^>\n]*>)?\()",
    ),
    retried(
        PYTHON,
        r"(?m)^[ \t]*@(?:\w+\.)?(?:retry|on_exception)\b(?:[^\n]*\n){1,16}?[^\n]*(?P<what>\b(?:requests|httpx|session|client|self\.\w+)\.post)\(",
    ),
    retried(
        JVM,
        r"@Retry(?:able)?\b(?:[^\n]*\n){1,10}?[^\n]*(?P<what>\.(?:postFor\w+|post)\(|@PostMapping\b)",
    ),
    inside(
        Practice::RetryDelay,
        GO,
        r"\bfor \{\s*\n(?:[^\n]*\n){0,6}?[^\n]*(?P<what>\b[\w.]+\.(?:ReadMessage|FetchMessage|Receive\w*|Accept|Poll|Fetch\w*|Consume\w*))\([^\n]*(?:\n\s*if err != nil|; err != nil) \{\s*\n(?:[^\n}]*(?i:log|print)[^\n]*\n){1,3}\s*continue\b",
        ONE_FUNCTION,
        WAITS,
        AT_ONCE,
    ),
    inside(
        Practice::RetryDelay,
        PYTHON,
        r"(?m)^[ \t]*while True:\s*\n\s*try:\s*\n(?:[^\n]*\n){0,12}?[^\n]*(?P<what>\b[\w.]+\.(?:poll|recv\w*|accept|get_message|read\w*|consume|connect))\([^\n]*\n(?:[^\n]*\n){0,12}?\s*except[^\n]*:\s*\n(?:[^\n]*(?i:log|print)[^\n]*\n){0,3}\s*(?:continue|pass)\b",
        ONE_FUNCTION,
        WAITS,
        AT_ONCE,
    ),
    opened(
        GO,
        r"(?P<what>\b[\w.]*(?i:conn\w*|client|mq|broker)\.Channel\(\)|&?kafka\.(?:Writer\{|NewWriter\()|\bamqp\w*\.Dial\(|\bsarama\.NewSyncProducer\()",
        r"^[^\n]*func (?:\([^)]*\) )?(?i:publish|send|push|emit|produce|notify|enqueue)\w*\(",
    ),
    opened(
        SCRIPT,
        r"(?P<what>\b[\w.]*\.create(?:Confirm)?Channel|\bamqp(?:lib)?\.connect)\(",
        r"^[^\n]*\b(?:publish|send|push|emit|produce|notify|enqueue)\w*\s*(?:=|\()",
    ),
    opened(
        PYTHON,
        r"(?P<what>\bpika\.BlockingConnection|\baio_pika\.connect(?:_robust)?|\b\w*conn\w*\.channel)\(",
        r"^[^\n]*\bdef _?(?:publish|send|push|emit|produce|notify|enqueue)\w*\(",
    ),
];
