//! Services with Go: contexts of handlers, connections, responses of others and settings.

use super::{GO, HANDLER, ONE_FUNCTION, Sign, inside, review};
use crate::model::facts::Practice;

const REPOSITORY: &[&str] = &["repository.go", "repo.go", "storage.go", "dao.go"];

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::RequestContext,
        GO,
        r"(?P<what>\bcontext\.WithTimeout\(\s*context\.(?:Background|TODO)\(\))",
        HANDLER,
        r"\bgo func|\.Shutdown\(",
        "`{}…)` does not end when the caller of the handler disconnects",
    ),
    review(
        Practice::RequestContext,
        REPOSITORY,
        r"(?m)^func \([^)]*\) [A-Z]\w*\([^)]*\)[^\n]*\{\n(?:[^\n}][^\n]*\n|\n){0,8}?[^\n]*(?P<what>\bcontext\.WithTimeout\(\s*context\.(?:Background|TODO)\(\))",
        r"context\.Context\b",
        "the method gets no context, so `{}…)` does not end when the caller disconnects",
    ),
    inside(
        Practice::OutboundTimeout,
        GO,
        r"(?P<what>\bgrpc\.WithBlock\(\))",
        r"\bgrpc\.Dial\(",
        r"DialContext|WithTimeout",
        "with `{}` the call waits without a limit while the service is down",
    ),
    review(
        Practice::LiteralSetting,
        GO,
        r"(?P<what>\bgodotenv\.(?:Load|Overload)\([^)\n]*\))(?:;\s*|\n\s*if )err != nil \{\s*(?:\w+\.)*(?:Fatal|Panic|panic)\w*",
        "",
        "without the file of `{}` the process ends, although the environment may have all settings",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*(?P<what>[\w.]+\.AutoMigrate)\((?:[^\n]*\))?\s*$",
        "",
        "no code reads the error of `{}`",
    ),
    Sign {
        elsewhere: r#"\w*SECRET\w*"\)\s*==\s*""|SECRET\w*,required|required:"true""#,
        ..review(
            Practice::UncheckedSecret,
            GO,
            r#"(?P<what>\[\]byte\(\s*os\.Getenv\(\s*"\w*(?:SECRET|SIGNING|PRIVATE|JWT)\w*"\s*\)\s*\))"#,
            r#"(?i)secret\w*\s*==\s*""|len\(\w*secret|LookupEnv"#,
            "if the variable is missing, the code signs and verifies with an empty key (`{}`)",
        )
    },
    review(
        Practice::PasswordLength,
        GO,
        r#"type \w*(?i:regist|sign_?up|createuser|createaccount)\w* struct \{[^}]*?\n\s*(?P<what>Password)\s+string\s+`[^`\n]*(?:binding|validate):"required"[^`\n]*`"#,
        r"(?i)len\([\w.]*password",
        "`{}` accepts passwords of one character",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"if (?P<what>\w+\.(?:IsError\(\)|StatusCode != (?:http\.StatusOK|200))) \{\s*(?:[^{}\n]*\n\s*){0,3}?return (?:[^\n,]*, )?(?:err|nil)\s*\n",
        "",
        "after `{}` the function returns no error, so its caller gets success",
    ),
    review(
        Practice::Leak,
        GO,
        r"err != nil \|\| (?P<what>\w+\.StatusCode != [\w.]+) \{[^{}]*?\breturn\b",
        r"Body\.Close\(\)[\s\S]*StatusCode !=",
        "after `{}` no code closes the body of the response",
    ),
    review(
        Practice::UncheckedValue,
        GO,
        r#"(?m)^\s*(?P<what>[A-Z]\w*\s+\[\](?:struct|\*?(?:\w+\.)?[A-Z]\w*))(?: \{[^{}]*\})?\s+`[^`\n]*(?:binding|validate):"(?:required|omitempty)?(?:,?(?:min|max|gt|gte|len)=\d+)*"[^`\n]*`"#,
        "",
        "without `dive` no code checks the elements of `{}`",
    ),
    review(
        Practice::OutboundTimeout,
        GO,
        r"(?P<what>\.Flush\([^\n]*\bint\([^\n]*\btime\.\w*[sS]econd)",
        r"Milliseconds\(\)",
        "`{}` passes nanoseconds, and the client expects milliseconds",
    ),
    review(
        Practice::PublisherConfirm,
        GO,
        r"TopicPartition\.Error != nil \{\s*(?P<what>(?:\w+\.)*(?i:\w*log\w*|fmt|zap)\.\w+)\([^\n]*\n\s*\}",
        "",
        "`{}` only logs that the broker did not get the message",
    ),
    review(
        Practice::BodyLogged,
        GO,
        r"(?:Sprintf|[lL]og\w*(?:\(\))?\.\w+)\([^\n;]*(?:\n[^\n;]*)?,\s*(?P<what>\b(?:c|ctx|r)\.Request(?:\(\))?)\s*[,)]",
        "",
        "a log record contains `{}` with its headers",
    ),
    review(
        Practice::EnvironmentDefault,
        &[".go", ".ts", ".js", ".py"],
        r#"(?m)^\s*return (?P<what>\w*(?i:configs?|settings|environments?)\w*\[["'](?:test|dev|development|local|debug)["']\])"#,
        "",
        "an unknown environment gets the settings of `{}`",
    ),
    review(
        Practice::Encryption,
        &[".go", ".ts", ".js"],
        r#"(?P<what>["'`]mongodb://(?P<host>[a-z\d][\w.-]*):\d+)["'`/]"#,
        "",
        "the connection of `{}` has neither credentials nor encryption",
    ),
    inside(
        Practice::PageSize,
        GO,
        r#""(?:limit|size|per_?[pP]age|page_?[sS]ize)"\)[\s\S]{0,600}?(?P<what>\bstrconv\.Atoi\((?:l|limit\w*|size\w*|perPage\w*|pageSize\w*)\))"#,
        ONE_FUNCTION,
        r"(?i)\bmin\(|max|clamp|\b(?:limit|size|per_?page|l|n)\w*\s*>=?\s*\w",
        "`{}` comes from the caller and has no maximum",
    ),
    review(
        Practice::InternalError,
        GO,
        r"=\s*[\w.]+\(\s*(?:c|ctx|\w*[cC]tx|context\.\w+\(\)|\w+\.Context\(\)|\w+\.Request\.Context\(\))\s*,(?:[^{}]|\{[^{}]*\}){0,400}?\)\s*if err != nil \{(?:[^{}]*\n)?\s*(?P<what>(?:return )?(?:\w+\.)*\w*(?:Error|Fail|Abort|Respond)\w*\(\s*(?:ctx|c|w)\s*,\s*(?:http\.Status\w+|\d{3})\s*,\s*err\.Error\(\)\s*\))",
        "",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::PublisherConfirm,
        GO,
        r"(?P<what>\bTopicPartition\.Error != nil) \{\s*(?://[^\n]*\n\s*)*\}",
        "",
        "after `{}` no code handles that the broker did not get the message",
    ),
    review(
        Practice::Acknowledgement,
        GO,
        r#"(?P<what>\bkafka\.NewConsumer)\(&kafka\.ConfigMap\{[^}]*"group\.id"[^}]*\}"#,
        r"enable\.auto\.commit|\.Commit\w*\(|StoreOffsets",
        "the consumer of `{}` commits the offset by a timer, also of messages that failed",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r#"(?P<what>\b(?:slog|log|logger|logx)\.Info\w*\(\s*"[^"\n%]*(?i:published|success|created|sent|connected|saved|stored|done|completed)[^"\n]*"[^\n]*,\s*err\s*\))"#,
        "",
        "`{}` logs a failure as a success",
    ),
    inside(
        Practice::WeakRandom,
        GO,
        r"(?P<what>\brand\.(?:Intn|NewSource)\()",
        r"func [^\n]*(?i:random|generate)\w*(?i:char|string|code|token|otp|password|key)",
        r"crypto/rand",
        "a code or token comes from `{}…)`, which is predictable",
    ),
    review(
        Practice::CodeCredential,
        GO,
        r#"(?m)^\s*(?P<what>(?:SMTP|Smtp|App|Mail)?Password):\s*"[^"\n$%{]{4,}""#,
        "",
        "`{}` has a literal credential",
    ),
    Sign {
        elsewhere: r"zap\.|slog\.|zerolog|logrus|logx\.|hclog",
        ..review(
            Practice::LogFormat,
            &["main.go"],
            r"(?s)\A.*?(?P<what>\blog\.(?:Printf|Println|Print|Fatalf|Fatal)\()",
            r"zap\.|slog\.|zerolog|logrus|logx\.|hclog",
            "`{}…)` writes logs as text, so the log system cannot filter by field",
        )
    },
];
