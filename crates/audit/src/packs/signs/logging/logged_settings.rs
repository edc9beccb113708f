//! Settings that a log line contains as a whole, and addresses with their passwords.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const WHOLE: &str = "a log record contains all settings of `{}`, including their secrets";
const ADDRESS: &str = "a log record contains the URL `{}`, including its password";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SecretLogged,
        GO,
        r#"(?m)^[ \t]*(?:\w+\.)*(?i:log|logger|fmt|slog|zap|logrus|sugar|l|lg)\.(?:Print|Info|Debug|Warn|Log)\w*\([^\n]*[,(]\s*(?P<what>[*&]?(?:cfg|config|conf|appConfig|settings))\s*\)\s*$"#,
        r"\) (?:String|LogValue|MarshalLogObject|GoString)\(",
        WHOLE,
    ),
    review(
        Practice::SecretLogged,
        SCRIPT,
        r"(?P<what>\b(?:console\.(?:log|info|debug|dir)|(?:this\.)?log(?:ger)?\.(?:log|info|debug))\((?:[^\n()]*,)?\s*(?:process\.env|config|appConfig|settings|envConfig))\s*\)",
        r"window\.|document\.|from ['\x22]react",
        WHOLE,
    ),
    review(
        Practice::SecretLogged,
        PYTHON,
        r#"(?P<what>\b(?:print|log(?:ger|ging)?\.(?:info|debug|warning))\((?:[^\n()]*,)?\s*(?:settings|config|os\.environ|app\.config)|\b(?:print|log(?:ger|ging)?\.(?:info|debug))\(\s*f["'][^"'\n]*\{(?:settings|os\.environ|app\.config)\})\s*["']?\s*\)"#,
        r"SecretStr|mask",
        WHOLE,
    ),
    review(
        Practice::SecretLogged,
        &[".go", ".ts", ".js", ".py", ".java", ".kt"],
        r#"(?i)\b(?:log\w*|fmt|console|slog|logrus)\.(?:print|info|debug|log|warn)\w*\([^\n]*[,+(]\s*(?P<what>(?:\w+\.)*(?:db_?source|dsn|db_?url|database_?url|db_?uri|connection_?string|conn_?str|mongo_?ur[il]|mongodb_?ur[il]|redis_?url|amqp_?url|rabbitmq_?ur[il]|postgres_?url|data_?source_?name))\s*\)"#,
        r"(?i)redact|mask|sanitize",
        ADDRESS,
    ),
];
