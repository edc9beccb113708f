//! Log records that contain messages, variables and addresses with a password.

use super::{GO, SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::BodyLogged,
        GO,
        r"(?:(?i:log\w*|logger)(?:\.\w+)*\.\w+|fmt\.(?:Print|Println|Printf))\([^\n]*\bstring\(\s*(?P<what>\w+(?:\.\w+)*)\s*\)",
        r"ReadFile",
        "a log record contains the whole value of `{}`",
    ),
    review(
        Practice::BodyLogged,
        GO,
        r#"(?i)\b\w*log\w*(?:\.\w+\([^()\n]*\))*\.(?:info|debug|print|warn|error)\w*\(\s*"[^"\n]*%[+#]v[^"\n]*"\s*,\s*(?:[^()\n]*,\s*)?(?P<what>[*&]?(?:req|request|in|input|body|payload|msg|message|order|user|account|customer|payment|booking|profile|claims|event|cfg|config|conf|dto|o|u))\s*\)"#,
        "",
        "a log record contains the whole value of `{}`",
    ),
    review(
        Practice::BodyLogged,
        SCRIPT,
        r"(?:console|\w*[lL]og(?:ger)?)\.\w+\([^\n]*\b(?P<what>(?:msg|message)\.(?:content|value)|validationErrors|validation_errors|errors\.array\(\))",
        "",
        "a log record contains the whole value of `{}`",
    ),
    review(
        Practice::SecretLogged,
        SCRIPT,
        r"(?:console|\w*[lL]og(?:ger)?)\.\w+\([^\n]*(?:\$\{|,\s*|\+\s*|\()\s*(?P<what>(?:\w+\.)*\w*(?i:connection_?string|mongo_?ur[il]|database_?ur[il]|db_?ur[il]|amqp_?ur[il]|rabbit\w*_?ur[il]|redis_?ur[il]|\bdsn))\b",
        "",
        "`{}` may contain a password, and a log record contains it",
    ),
    review(
        Practice::SecretLogged,
        &[".go", ".py"],
        r"(?:log\w*|logger|logging|fmt|print)(?:\.\w+)*\([^\n]*(?:,\s*|\{)\s*(?P<what>(?:\w+\.)*\w*(?i:connection_?string|conn_?str|mongo_?ur[il]|database_?ur[il]|db_?ur[il]|amqp_?ur[il]|redis_?ur[il]|dsn))\b",
        r"(?i)redact|mask",
        "`{}` may contain a password, and a log record contains it",
    ),
    review(
        Practice::SecretLogged,
        &[".sh"],
        r"(?m)^[ \t]*(?P<what>printenv|env|export -p|set -x|set -[a-z]*x[a-z]*)[ \t]*\r?$",
        "",
        "`{}` logs all environment variables, including secrets",
    ),
];
