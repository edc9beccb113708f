//! Starts and stops of processes: failures that exit with success, and lost signals.

use super::{GO, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const STATUS: &str =
    "after `{}` the program exits with status 0, so a restart on failure does not happen";
const REJECTED: &str = "the rejection of `{}` is not handled";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SilentNull,
        GO,
        r"\bfunc (?:\([^)\n]*\) )?(?:main|Run|Start|Main|Serve|Execute)\([^)\n]*\) \{(?:[^\n]|\n[^}])*?if [^\n]*err != nil \{\s*\n\s*(?P<what>(?:\w+\.)*(?i:log\w*|fmt|logger|helper)(?:\.\w+\(\))?\.(?:Print|Println|Printf|Error|Errorf|Errorw|Warn|Warnf|Err)\w*\([^\n]*\))\s*\n(?:\s*return\s*\n\s*\}|\s*\}\s*\n\})",
        "",
        STATUS,
    ),
    review(
        Practice::SilentNull,
        SCRIPT,
        r"(?m)^(?P<what>\w+\([^()\n]*\)\s*\.catch)\(\s*(?:console\.\w+|\(?\w*\)?\s*=>\s*\{?\s*(?:console|\w*[lL]og\w*)\.\w+\([^;{}]*\)\s*;?\s*\}?)\s*\)",
        r"process\.exit|exitCode",
        STATUS,
    ),
    review(
        Practice::FloatingPromise,
        SCRIPT,
        r"\basync\b[\s\S]*?\n(?P<what>(?:void )?\w*(?i:bootstrap|main|start|run|init|connect|listen|serve|setup|launch)\w*\(\s*\w*\s*\));?[ \t]*\r?(?:\n|$)",
        r"unhandledRejection[\s\S]{0,300}process\.exit|\btry\s*\{[^}]*\blisten",
        REJECTED,
    ),
    review(
        Practice::FloatingPromise,
        SCRIPT,
        r"\n(?P<what>\(\s*async\s*(?:function\s*)?\(\)\s*(?:=>\s*)?\{)(?:[^\n]*\n[^}\n])*[^\n]*\n\}\s*\)\s*\(\)\s*;?[ \t]*\r?(?:\n|$)",
        r"unhandledRejection|\btry\s*\{",
        "the rejection of the function that starts with `{}` is not handled",
    ),
    review(
        Practice::ErrorListener,
        SCRIPT,
        r"(?:from|require\()\s*['\x22]redis['\x22][\s\S]*?(?P<what>\bcreateClient)\(",
        r"\.on\(\s*['\x22]error['\x22]",
        "`{}` has no listener for `error`, so a lost connection ends the process",
    ),
    review(
        Practice::ErrorListener,
        SCRIPT,
        r"\.on\(\s*['\x22](?:error|close|disconnected|end)['\x22][^\n]*(?:\n[^\n]*){0,5}?(?P<what>process\.exit)\(",
        "",
        "`{}…)` aborts all open requests when one connection is lost",
    ),
    review(
        Practice::ShutdownContext,
        &[
            "entrypoint.sh",
            "start.sh",
            "run.sh",
            "docker-entrypoint.sh",
            "prestart.sh",
            "startup.sh",
            "boot.sh",
        ],
        r"(?m)^[ \t]*(?P<what>(?:uvicorn|gunicorn|hypercorn|node|npm|yarn|pnpm|python3?|java|celery|dotnet|poetry run|\./\w+)\b[^\n]*)\s*\z",
        "",
        "the shell does not forward SIGTERM to `{}`, because the line has no `exec`",
    ),
    review(
        Practice::RetryDelay,
        GO,
        r"(?P<what>\btime\.Sleep\(\s*\w+\.\w*(?i:retry|delay|backoff|wait)\w*\s*\))",
        "",
        "no context can cancel the wait of `{}`",
    ),
    review(
        Practice::ShutdownContext,
        &["gunicorn_conf.py", "gunicorn.py", "prod.py", ".conf.py"],
        r"(?P<what>\bgraceful_timeout\s*=\s*(?:[6-9]\d|\d{3,}))",
        "",
        "`{}` is longer than the default grace period of orchestrators",
    ),
    review(
        Practice::ConnectRetry,
        GO,
        r"(?m)^\s*[\w.]+ :?= (?P<what>(?:\w+\.)*(?:(?:Init|Connect|Open|Setup|Must)\w*(?:Redis|Postgres|DB|Mysql|MySQL|Mongo|Kafka|Rabbit|AMQP|Nats|SQL)|New\w*(?:Postgres|DB|Mysql|MySQL|Mongo|Rabbit|AMQP|Nats|SQL))\w*\()",
        r"(?i)retry|backoff|attempt",
        "`{}…)` returns no error, so startup fails if a dependency is not ready",
    ),
    review(
        Practice::ConnectRetry,
        GO,
        r"(?P<what>\b(?:amqp|kafka|nats|redisstream|stan)\.New(?:Publisher|Subscriber|Consumer|Producer|Conn|Connection)\w*\()",
        r"(?i)retry|backoff|attempt",
        "`{}…)` is not retried, so startup fails if the broker is not ready",
    ),
    review(
        Practice::Cleanup,
        GO,
        r"(?P<what>\b\w*[cC]leanup\w*\s*:?=\s*func\(\)\s*\{\s*\})",
        "",
        "`{}` closes nothing",
    ),
];
