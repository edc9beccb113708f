//! Go: middleware of HTTP frameworks, stubs of gRPC, and consumers of brokers.

use super::{GO, ONE_FUNCTION, Sign, inside, review};
use crate::model::facts::Practice;

const RECOVERS: &str =
    r"\bRecovery?(?:WithConfig|WithWriter)?\(|\brecover\(\)|\brecover\.New\(|/recover\b";

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: RECOVERS,
        ..review(
            Practice::RequestPanic,
            GO,
            r"(?P<what>\b(?:echo|gin|fiber)\.New\()",
            RECOVERS,
            "no middleware of `{}…)` recovers, so a panic of a handler has no response and no log with the request",
        )
    },
    review(
        Practice::UnsafeInput,
        GO,
        r#"(?P<what>\bprimitive\.Regex\{\s*(?:Pattern:\s*)?\w+(?:\.\w+)*\s*,|"\$regex"\s*[:,]\s*\w+\.\w+)"#,
        r"QuoteMeta",
        "the text of a caller is a pattern (`{}`)",
    ),
    review(
        Practice::Stub,
        GO,
        r"(?m)^func \(\w+ \*?\w+\) \w+\(\s*\w+ context\.Context,\s*\w+ \*\w*(?i:pb|proto|rpc|v\d)\w*\.\w+\s*\) \(\*[\w.]+, error\) \{\s*\n\s*(?P<what>return nil, nil)\s*\n\}",
        "",
        "the body of the method is only `{}`",
    ),
    inside(
        Practice::IgnoredError,
        GO,
        r"(?P<what>\b\w+, err :?= [\w.]*(?i:consum|subscri)\w*\([^\n]*\))\n\s*if err != nil \{\n\s*return\n\s*\}",
        ONE_FUNCTION,
        "",
        "the program continues without this consumer, and no log shows it (`{}`)",
    ),
    inside(
        Practice::DroppedMessage,
        GO,
        r"(?i:decode|unmarshal)\w*\([^\n]*\)(?:; err != nil \{|\n\s*if err != nil \{)\s*\n\s*(?P<what>continue)\n",
        r"\.Messages\(\)|ReadMessage|FetchMessage|amqp\.Delivery|\.Poll\(",
        r"(?i)dead_?letter|dlq",
        "after `{}` the message that could not be decoded is lost without a log",
    ),
    inside(
        Practice::SharedConnection,
        GO,
        r"(?P<what>\bproducer, err :?= [\w.]+\()[^\n]*\n(?:[^\n]*\n){1,6}?\s*defer producer\.Close\(\)",
        r"\.SendMessage\(|\.WriteMessages\(|\.Produce\(",
        r"\bfunc main\(\)",
        "each message opens a connection of its own (`{}`)",
    ),
    Sign {
        elsewhere: r#"\w*(?i:secret)\w*\s*==\s*""|len\([\w.]*(?i:secret)|required,notEmpty"#,
        ..review(
            Practice::UncheckedSecret,
            GO,
            r#"(?m)^\s*\w*(?i:secret|signing|private_?key)\w*:\s*(?P<what>os\.Getenv\("\w*(?:JWT|TOKEN|SIGNING)\w*"\)),"#,
            r#"LookupEnv|(?i:secret)\w*\s*==\s*"""#,
            "if the variable is missing, tokens are signed with an empty key (`{}`)",
        )
    },
    review(
        Practice::CodeCredential,
        GO,
        r#"(?P<what>\bGenerateFromPassword\(\s*\[\]byte\(\s*)"[^"\n]{3,}""#,
        "",
        "an account gets a literal password (`{}…)`)",
    ),
    inside(
        Practice::MassAssignment,
        GO,
        r#"(?P<what>\breq\w*\.\w*(?:Id|ID)\s*=\s*c\.(?:Get|GetString|Locals|MustGet)\("\w+"\))[^\n]*\n(?:[^\n]*\n){0,6}?[^\n]*\b(?:\w*Bind\w*|BodyParser)\(&?req\w*\)"#,
        ONE_FUNCTION,
        "",
        "the body is read after `{}`, so the caller may replace the identity",
    ),
];
