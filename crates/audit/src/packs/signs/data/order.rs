//! Statements in the wrong order, or without the statement that belongs to them.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const SPINS: &str =
    "after a failure `{}` runs the loop again at once, and a closed connection fails forever";

const fn spins(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::RetryDelay,
        files,
        pattern,
        r"(?i)sleep|backoff|time\.After|<-\w+\.C\b|setTimeout|delay\(|ErrClosed|io\.EOF|IsUnexpectedCloseError|IsCloseError",
        SPINS,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    // The text between the braces of a condition without `err` returns an error that is nil.
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^[ \t]*(?:\} else )?if (?:[^e\n]|e[^r\n]|er[^r\n])*(?:StatusCode|\.Status\b|!ok\b|== nil|len\()(?:[^e\n]|e[^r\n]|er[^r\n])*\{\s*\n(?:[^\n]*(?i:log|print)[^\n]*\n)?[ \t]*(?P<what>return (?:[^\n]*, )?err)[ \t]*\n",
        "",
        "`{}` returns the error of an earlier call, which is nil here, so the caller sees a success",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"if [^\n]*\berr\w* != nil \{\s*\n(?:[^\n]*(?i:log)[^\n]*\n)?[ \t]*(?P<what>return (?:[^\n]*, )?(?:errors\.New|fmt\.Errorf)\(\x22[^\x22%\n]*\x22\))",
        r"errors\.(?:Is|As)\(|%w",
        "`{}` replaces every failure, and no code logs or keeps its cause",
    ),
    Sign {
        elsewhere: r"flag\.Parse\(\)|\.Parse\(os\.Args",
        ..review(
            Practice::LostSetting,
            GO,
            r"(?P<what>\bflag\.(?:String|Int|Bool|Duration|StringVar|IntVar|BoolVar|DurationVar))\(",
            "",
            "no code calls `flag.Parse`, so `{}` always has its default",
        )
    },
    review(
        Practice::ErrorResponse,
        GO,
        r"\.WriteHeader\([^\n]*\)\s*\n(?:[^\n}]*\n){0,2}?[ \t]*(?P<what>\w+\.Header\(\)\.(?:Set|Add))\(",
        "",
        "`{}` runs after the status was sent, so the header is lost",
    ),
    spins(
        GO,
        r"for \{\s*\n(?:[^\n]*\n){0,4}?[^\n]*\.(?:ReadJSON|ReadMessage|Recv|Read|FetchMessage|Accept|ReceiveMessage|Poll)\([^\n]*(?:; err != nil \{|\s*\n\s*if err != nil \{)\s*\n(?:[^\n}]*(?i:log|print)[^\n]*\n)?[ \t]*(?P<what>continue)\b",
    ),
    spins(
        PYTHON,
        r"while True:\s*\n(?:[^\n]*\n){0,6}?[ \t]*(?P<what>except\b[^\n]*:)[ \t]*\n(?:[ \t]*(?:print|log\w*\.\w+)\([^\n]*\n){0,2}[ \t]*(?:continue|pass)\b",
    ),
    review(
        Practice::UnboundedBody,
        GO,
        r"(?P<what>\bwebsocket\.Upgrade\(|\b\w*[uU]pgrader\.Upgrade\()",
        r"SetReadLimit",
        "`{}…)` accepts messages of any size",
    ),
    review(
        Practice::UnboundedList,
        &[".js", ".ts", ".py", ".php", ".rb", ".java"],
        r"(?P<what>\b\w*(?i:redis|client|cache|store|rdb|template)\w*\.keys)\(\s*[f]?(?:['\x22`]\*|[^)\n]*\*['\x22`])",
        "",
        "`{}` reads every key of the store, and blocks the store for all its clients",
    ),
    review(
        Practice::LimiterKey,
        &[".sh", ".py", "dockerfile", ".yml", ".yaml"],
        r"(?P<what>(?:--)?forwarded[-_]allow[-_]ips[\s=:]+['\x22]?\*)",
        "",
        "`{}` accepts the address of a client from every caller",
    ),
    review(
        Practice::OutboundTimeout,
        PYTHON,
        r"(?P<what>\bcreate_(?:async_)?engine)\(",
        r"connect_args|statement_timeout|command_timeout|sqlite|pool_timeout",
        "`{}` sets no timeout for connections and statements",
    ),
    review(
        Practice::PoolBounds,
        SCRIPT,
        r"(?P<what>\bmongoose\.connect)\(\s*[\w.\[\]'`$\{\}!]+(?:\s+as\s+\w+)?\s*\)",
        "",
        "`{}` has the default pool and waits 30 seconds for a server",
    ),
    review(
        Practice::ShutdownContext,
        &[
            "entrypoint.sh",
            "start.sh",
            "run.sh",
            "gunicorn.sh",
            "server.sh",
            "prod.sh",
        ],
        r"(?m)^[ \t]*(?P<what>(?:gunicorn|uvicorn|python3?|node|java|npm|yarn|celery|php|\./\w+))\s[^\n]*$",
        r"(?m)^[ \t]*exec\b",
        "`{}` runs as a child of the shell, which does not pass SIGTERM on",
    ),
    review(
        Practice::Webhook,
        GO,
        r"(?m)^func (?:\([^)\n]*\) )?(?P<what>\w*(?:Callback|Webhook|PaymentNotify|PayNotify)\w*)\((?:\w+ )?(?:\*gin\.Context|echo\.Context|\*fiber\.Ctx|http\.ResponseWriter|ctx context\.Context|(?:in|req) \*)",
        r"(?i)\bsign|verif|hmac|secret|checksum",
        "`{}` accepts a notification without verifying its signature",
    ),
];
