//! Exits: cleanup that an exit skips, failures that only a log shows, crashes that nothing catches.

use super::{GO, JVM, SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// Files of Rust that answer requests.
const ANSWERS: &[&str] = &[
    "handler.rs",
    "handlers.rs",
    "controller.rs",
    "controllers.rs",
    "routes.rs",
    "service.rs",
    "services.rs",
    "api.rs",
    "auth.rs",
    "users.rs",
    "endpoints.rs",
];
const SKIPPED: &str = "`{}…)` ends the process without the deferred cleanup";
const LOGGED: &str = "the failure of `{}` is logged only, and the caller sees success";
const RECOVERS: &str = r"(?i)\brecover(?:y|er)?(?:\.|\(|With|\w*Interceptor)";
const NO_RECOVERY: &str = "no middleware of `{}` recovers from panics";

const fn only_logged(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::IgnoredError, files, pattern, unless, LOGGED)
}

const fn recovery(pattern: &'static str) -> Sign {
    Sign {
        elsewhere: RECOVERS,
        ..review(Practice::RequestPanic, GO, pattern, RECOVERS, NO_RECOVERY)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Cleanup,
        GO,
        r"(?m)^func main\(\) \{(?:[^\n]*\n){1,80}?[ \t]*defer [^\n]*(?:Close|Shutdown|Stop|Sync|Flush|Disconnect|leanup|Cleanup)\w*\([^\n]*\n(?:[^}\n][^\n]*\n|\n){0,80}?[ \t]*(?P<what>(?:\w+\.)*(?i:log\w*)\.Fatal\w*\(\s*\w+(?:\.\w+)*\.(?:Run|Start|Serve|Listen\w*))\(",
        "",
        SKIPPED,
    ),
    review(
        Practice::Cleanup,
        GO,
        r"if err :?= (?P<what>\w+(?:\.\w+)*\.Shutdown\([^\n;]*\)); err != nil \{\s*\n(?:[^\n}]*\n){0,3}?\s*return\b[^\n]*\n\s*\}[\s\S]{0,400}?\.(?:Close|Disconnect|Stop)\(",
        "",
        "after a failed `{}` the function returns and leaves later resources open",
    ),
    review(
        Practice::Cleanup,
        SCRIPT,
        r"(?i:sequelize|mongoose|prisma|createPool|connectDB|dataSource|createDatabaseConnection|connectWithRetry|amqplib|kafka|ioredis|createClient)[\s\S]*?(?P<what>\b(?:\w*[sS]erver|app)\.close)\(",
        r"(?i)sequelize\.close|connection\.close|mongoose\.disconnect|\$disconnect|pool\.end|\.quit\(|\.disconnect\(|dataSource\.destroy|\.destroy\(\)|closeDatabase|disconnectDB|client\.close",
        "`{}` stops the listener, and the connections of the stores stay open",
    ),
    recovery(r"(?P<what>\bgrpc\.NewServer)\("),
    recovery(r"(?P<what>\b(?:echo|gin|fiber)\.New)\(\s*(?:\)|fiber\.Config)"),
    only_logged(
        SCRIPT,
        r"try\s*\{\s*await\s+(?P<what>[\w.]+\.(?:post|put|delete|refund\w*|release\w*|cancel\w*|revert\w*|rollback\w*|send\w*|publish\w*|notify\w*))\([^;]*\);[^{}]*\}\s*catch\s*\(\w+(?::\s*\w+)?\)\s*\{\s*(?:console|this\.\w*[lL]ogger|\w*[lL]og\w*)\.\w+\((?:[^;{}]|\{[^{}]*\})*\);?\s*\}",
        r"(?i)best.?effort",
    ),
    only_logged(
        JVM,
        r"(?P<what>\bcatch)\s*\((?:final )?\w*(?:Messaging|Mail|IO|Http|Rest|Json|Kafka|Sql|SQL)\w*Exception\s+\w+\)\s*\{\s*(?:this\.)?\w*(?i:log)\w*\.\w+\([^;]*\);\s*\}",
        r"(?i)best.?effort",
    ),
    review(
        Practice::OwnedTask,
        SCRIPT,
        r"try\s*\{\s*(?P<what>(?:this\.)?\w*(?i:client|mailer|transport\w*|producer|publisher)(?:\.\w+)*\.(?:create|send\w*|publish\w*))\([^;]*\);\s*return\b",
        r"(?i)sync\(",
        "`{}` is not awaited, so `catch` does not handle its failure",
    ),
    review(
        Practice::FloatingPromise,
        SCRIPT,
        r"(?m)^\s*(?P<what>\w*(?:Model|Schema)\.(?:update\w*|delete\w*|remove|findOneAnd\w+|findByIdAnd\w+))\([^;]*\);?[ \t]*$",
        r"\.exec\(|\.then\(",
        "a query of mongoose without `await` never runs: `{}`",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^[ \t]*(?P<what>(?:\w+\.)*(?:db|DB|tx)\.(?:Model|Where|Preload|Order|Limit|Offset|Joins|Select|Table|Find|First))\([^\n]*(?:\.[ \t]*\n[^\n]*){0,10}?\.?(?:Find|First|Take|Scan|Count|Last|Pluck)\(&\w+[^\n)]*\)[ \t]*\n",
        "",
        "no code checks the error of the query that `{}…)` starts",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*\w+,\s*_\s*:?=\s*(?P<what>(?:\w+\.)*(?:SignedString|GenerateFromPassword|Sign|Encrypt|Key))\(",
        "",
        "the error of `{}` is ignored",
    ),
    review(
        Practice::UncheckedValue,
        GO,
        r#"(?P<what>\b(?:md|meta\w*)\.Get\([^)\n]*\)\[0\]|\bmd\[[^\]\n]*\]\[0\]|\.URL\.Query\(\)\[[^\]\n]*\]\[0\])"#,
        r"\blen\(",
        "`{}` panics if the caller sends no value",
    ),
    review(
        Practice::UncheckedValue,
        GO,
        r#":?=\s*(?:md|meta\w*)\.Get\([^)\n]*\)\s*\n(?:[^\n]*\n){0,3}?[^\n]*(?P<what>\b\w+\[0\])"#,
        r"\blen\(",
        "`{}` panics if the caller sends no value",
    ),
    review(
        Practice::RequestPanic,
        ANSWERS,
        r"(?m)^\s*(?:pub(?:\([^)\n]*\))? )?async fn \w+[^{;]*\{(?:[^\n]|\n[^}])*?(?P<what>\.(?:unwrap|expect)\()",
        r"fn main\(|#!\[cfg\(test\)\]",
        "`{}…)` panics in a request if the value is missing or the call fails",
    ),
    review(
        Practice::ExitOutsideMain,
        &[".rs"],
        r"(?P<what>\b(?:std::)?process::exit\()",
        r"fn main\(",
        "`{}…)` ends the process outside of `main`, without a destructor",
    ),
    review(
        Practice::ConnectRetry,
        &[".rs"],
        r"(?P<what>\b(?:\w+::)*\w*[cC]onnect\w*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*\.await\s*\.(?:expect|unwrap))\(",
        r"(?i)retry|backoff|connect_lazy|mod tests",
        "startup fails if a dependency does not respond",
    ),
];
