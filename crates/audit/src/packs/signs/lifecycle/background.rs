//! Work in the background: tasks that fail alone, threads that do not end.

use super::{JVM, PYTHON, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::OwnedTask,
        &[".rs"],
        r"(?P<what>tokio::spawn)\(\s*async move \{\s*if let Err\(\w+\) = [^{]*\{\s*(?:tracing::|log::)?(?:error|warn)!\([^;]*\);\s*\}\s*\}\s*\)",
        r"JoinSet|TaskTracker",
        "if the task of `{}` fails, the service continues without it and only logs the failure",
    ),
    review(
        Practice::Leak,
        &[".rs"],
        r"(?P<what>tokio::select!)\s*\{\s*\w+ = (?:&mut )?\w*(?:task|handle)\w* =>[\s\S]{0,400}?\w+ = (?:&mut )?\w*(?:task|handle)\w* =>",
        r"\.abort\(\)|abort_handle|JoinSet|CancellationToken|cancel\(\)",
        "when one task of `{}` ends, the other task continues without an owner",
    ),
    review(
        Practice::OwnedTask,
        PYTHON,
        r"(?P<what>\b(?:threading\.)?Thread\(\s*target=\w+\s*)(?:,\s*args=\([^)]*\)\s*,?\s*)?\)",
        r"daemon\s*=\s*True|\.join\(|Event\(\)|setDaemon",
        "no code stops the thread of `{}…)`, so the process does not end on SIGTERM",
    ),
    review(
        Practice::OwnedTask,
        JVM,
        r"(?P<what>\bnew Thread\(\s*(?:\(\)\s*->|this::\w+|new Runnable))",
        r"setDaemon|\.interrupt\(|\.join\(|@PreDestroy",
        "no code stops the thread of `{}…)`",
    ),
    review(
        Practice::OutboundTimeout,
        JVM,
        r"(?P<what>\b\w*(?i:latch|future|promise)\w*\.(?:await|get))\(\s*\)",
        "(?i)orTimeout|withTimeout",
        "`{}` waits without a timeout",
    ),
    review(
        Practice::SharedState,
        JVM,
        r"\bif\s*\(\s*!\s*(?P<what>\w+\.containsKey)\([^;{}]*\)\s*\{[^}]{0,300}?\.put\(",
        "synchronized|putIfAbsent|computeIfAbsent",
        "`{}` decides about a later `put`, so parallel requests both pass",
    ),
    review(
        Practice::BackgroundLoop,
        &[".go"],
        r"(?P<what>\bfor \{)\s*\n\s*time\.Sleep\(",
        r"\.Done\(\)|<-\s*\w*(?i:done|stop|quit|exit)\w*|\breturn\b|\bbreak\b",
        "no context and no channel ends this loop",
    ),
    review(
        Practice::BackgroundLoop,
        &[".rs"],
        r"\n\s*(?P<what>(?:tokio::time::)?sleep\([^;\n]*\)\.await);\s*\n\s*continue;",
        r"tokio::select!\s*\{[^}]*sleep[^}]*\}\s*\n\s*continue",
        "the shutdown does not interrupt `{}`",
    ),
    review(
        Practice::RetryDelay,
        PYTHON,
        r"(?m)^\s*(?P<what>while not \w+(?:\.\w+)*):\s*\n\s*try:(?:\n[^\n]*){1,6}?\n\s*(?:time\.)?sleep\(",
        r"(?i)attempt|max_retries|deadline|timeout",
        "`{}` waits for a dependency without a limit, and blocks the start",
    ),
    review(
        Practice::Blocking,
        &[".rs"],
        concat!(
            r"let (?:mut )?\w+ = [\w.]+(?P<what>\.(?:write|lock)\(\)\.await);[^\n]*",
            crate::packs::signs::body::line!(),
            r"{1,14}?[^\n]*\.(?:connect\w*|get_(?:multiplexed_|async_)?\w*connection\w*|query_async|fetch_(?:one|all|optional)|send_request)\([^;\n]*\)\s*\.await"
        ),
        r"try_lock|try_write",
        "the guard of `{}` is held during a call to a dependency, so every caller waits for it",
    ),
    review(
        Practice::Blocking,
        PYTHON,
        concat!(
            r"(?m)^[ \t]*async def [^\n]*",
            crate::packs::signs::body::python_line!(),
            r"{0,40}?\n[ \t]*(?P<what>with (?:\w+\.)*\w*(?:rmq|rabbit|pub|amqp|broker|smtp|ftp)\w*)(?:\(\))?\s*(?: as \w+)?:"
        ),
        "to_thread|run_in_executor|run_in_threadpool",
        "`{}` opens a connection on the event loop, so all requests wait",
    ),
    review(
        Practice::Blocking,
        PYTHON,
        concat!(
            r"(?m)^[ \t]*async def [^\n]*",
            crate::packs::signs::body::python_line!(),
            r"{0,40}?[^\n]*[ .(](?P<what>(?:is_password_valid|verify_password|check_password|hash_password|get_password_hash|verify_hash|bcrypt\.(?:hashpw|checkpw)|pwd_\w+\.(?:verify|hash)))\("
        ),
        "to_thread|run_in_executor|run_in_threadpool",
        "`{}` computes a slow hash on the event loop, so all requests wait",
    ),
];
