//! Errors that do not reach the response, or reach it with a wrong status.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    // `||` reaches the block with an error that is nil.
    review(
        Practice::RequestPanic,
        GO,
        r"if err != nil \|\| [^\n{]+\{\s*\n(?:[^\n{}]*\n){0,3}?[^\n{}]*(?P<what>\berr\.Error\(\))",
        r"(?:if|case) err == nil|&& err != nil",
        "the condition is true without an error too, and `{}` then panics",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^[ \t]*(?P<what>(?:\w+, )*err :?= \S[^\n]*\))[ \t]*\n(?:[ \t]*(?://[^\n]*|defer [\w.]+\(\))?\n)*[ \t]*(?:\w+, )*err :?= ",
        "",
        "the next call overwrites the error of `{}`",
    ),
    inside(
        Practice::IgnoredError,
        GO,
        r"if err := (?P<what>\w+\.(?:Decode|Scan|StructScan|Unmarshal)\([^\n]*\)); err == nil \{",
        r"\bfor\b[^\n]*\.Next\(|\bfor\b[^\n]*range",
        r"else \{|continue",
        "a row that `{}` rejects is missing in the response, and the caller sees success",
    ),
    // The filters of NestJS answer every other error with 500.
    review(
        Practice::ErrorResponse,
        &["controller.ts", "resolver.ts"],
        r"(?P<what>\bthrow new Error\()",
        r"@(?:MessagePattern|EventPattern|GrpcMethod)",
        "`{}` becomes status 500, because it is not an HTTP exception",
    ),
    // gRPC gives a plain error the code `Unknown`.
    inside(
        Practice::ErrorResponse,
        GO,
        r"(?P<what>return nil, (?:fmt\.Errorf|errors\.New)\()",
        r"func \([^)]*\) \w+\(\s*\w+ context\.Context,\s*\w+ \*\w*(?:pb|proto|v1|api)\w*\.\w+\)\s*\(\s*\*\w*(?:pb|proto|v1|api)\w*\.\w+,\s*error\s*\)",
        "",
        "`{}…)` becomes the code `Unknown`, which a gateway returns as 500",
    ),
    Sign {
        elsewhere: r"\bNOT_SERVING\b",
        ..review(
            Practice::HealthResult,
            GO,
            r"(?P<what>\b\w+\.SetServingStatus)\([^\n]*_SERVING\)",
            r"NOT_SERVING",
            "the status of `{}` is set once and is constant",
        )
    },
    review(
        Practice::HealthResult,
        &[".ts"],
        r"@Controller\(\s*['\x22`][^'\x22`\n]*(?:health|ready|live)[^'\x22`\n]*['\x22`]\s*\)[\s\S]{0,200}?@Get\(\s*(?:['\x22`]\w*['\x22`])?\s*\)\s*(?:@[^\n]*\n\s*)*(?:async\s+)?\w+\([^)]*\)[^{]*\{\s*(?P<what>return \{[^;{}]*\})",
        r"HealthCheckService|\.ping\(|query\(|await ",
        "the health route always returns `{}`",
    ),
    // Without a parameter, the method cannot end with its request.
    review(
        Practice::RequestContext,
        GO,
        r"func \(\w+ \*?\w*(?:[rR]epo\w*|[sS]tore|D[aA][oO])\) \w+\((?:[^()\n]*)\)[^\n]*\{\s*\n[^\n]*(?P<what>context\.WithTimeout\(context\.(?:Background|TODO)\(\))",
        r"\w+ context\.Context",
        "`{}…)` continues after the request is cancelled, because the method takes no context",
    ),
    review(
        Practice::PersonLogged,
        GO,
        r#"(?i)\blog\w*(?:\.\w+)*\.(?:debug|info|warn|error)w?\([^\n]*(?P<what>"(?:e-?mail|phone(?:_?number)?|user_?email)"\s*,\s*\w[\w.]*(?:\(\))?)"#,
        "(?i)mask|redact",
        "a log record contains {} of a person",
    ),
    review(
        Practice::PersonLogged,
        SCRIPT,
        r"\b(?:console|\w*[lL]ogger\w*|log)\.(?:log|info|warn|error|debug)\([^;\n]*\$\{(?P<what>(?:\w+\.)*\w*(?:[eE]mail|[pP]honeNumber|[pP]hone))\}",
        "(?i)mask|redact",
        "a log record contains `{}` of a person",
    ),
];
