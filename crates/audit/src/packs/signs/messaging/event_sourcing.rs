//! Event sourcing and sagas of the JVM: handlers that a replay runs again, steps that follow a
//! failure, and failures inside callbacks.

use super::{JVM, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SharedState,
        JVM,
        r"@EventSourcingHandler\s+(?:public |private |protected )?(?:void|fun) \w+\([^)]*\)\s*\{[^}]*?(?P<what>UUID\.randomUUID\(\)|(?:Instant|LocalDateTime|ZonedDateTime)\.now\(\)|System\.currentTimeMillis\(\))",
        "",
        "each replay of the events calls `{}`, so the state differs",
    ),
    review(
        Practice::DualWrite,
        JVM,
        r"@CommandHandler\s+public [^{@]*(?:@\w+ [^{@]*)*\{[^@]*?(?P<what>\b\w*(?:[pP]ort|[rR]epository|[cC]lient|[gG]ateway|[tT]emplate)\.\w+)\([^@]*?\bapply\(",
        "",
        "`{}` runs before the event is stored, so a retry of the command repeats it",
    ),
    review(
        Practice::SharedState,
        JVM,
        r"\.whenComplete\([^@]*?(?P<what>SagaLifecycle\.\w+)\(",
        "",
        "`{}` runs in a callback, outside of the scope of the saga",
    ),
    review(
        Practice::IgnoredError,
        JVM,
        r"\.whenComplete\(\s*\([^)]*\)\s*->\s*\{\s*if\s*\(\s*\w+ != null\s*\)\s*\{[^}]*?(?P<what>\bthrow) ",
        r"\.(?:join|get|exceptionally)\(",
        "`{}` in the callback of `whenComplete` reaches no caller",
    ),
    review(
        Practice::PartialWrite,
        JVM,
        r"@(?:Saga)?EventHandler\b[^@]*?\bif\s*\([^{;]*\)\s*\{\s*log\w*\.\w+\([^;]*\);\s*\}\s*else\s*\{\s*(?P<what>log\w*\.(?:error|warn))\([^;]*\);\s*\}\s*[A-Za-z/]",
        "",
        "`{}` is the only effect of a failed step, and the next step runs",
    ),
    review(
        Practice::Idempotency,
        JVM,
        r"@(?:Saga)?EventHandler\b[^@]*?(?P<what>\b\w+\.(?:increase|decrease|charge|credit|debit|deposit|withdraw)\w*)\(",
        r"(?i)idempot|processed|dedup|already|existsBy|DuplicateKey",
        "an event that arrives twice runs `{}` twice",
    ),
    review(
        Practice::BodyLogged,
        JVM,
        r"\blog(?:ger)?\.\w+\([^;]*?(?P<what>\b(?:event|command|request|dto|payload)(?:\.toString\(\))?)\s*\);",
        "",
        "the log contains the whole `{}`",
    ),
];
