//! Failures that panic, and failures whose text is part of a response.

use super::{GO, JVM, SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::RequestPanic,
        GO,
        r"(?P<what>\bpanic\((?:err\b|fmt\.|errors\.|\x22))",
        r"\bfunc (?:\([^)\n]*\) )?(?:main|init|[mM]ust\w*|New\w*|Open\w*|Init\w*|Connect\w*|Setup\w*|Load\w*)\(|recover\(\)|unreachable",
        "`{}…)` ends the process instead of returning an error",
    )
    .guess(),
    review(
        Practice::UncheckedValue,
        GO,
        r"(?P<what>\.\((?:json\.Number|string|u?int\d*|float64|bool|\*?\w+\.\w+)\)\.\w+)",
        "",
        "`{}` panics if the value is missing or has another type",
    ),
    review(
        Practice::UncheckedValue,
        SCRIPT,
        r"=\s*await [\w.]+\.(?:find(?:Unique|One|First|ByPk|ById|OneBy))\((?:[^()]|\([^()]*\))*\);?\s*\n[^\n]*?(?P<what>\b\w+!\.\w+)",
        "",
        "`{}` fails if the record does not exist",
    ),
    review(
        Practice::UncheckedLookup,
        JVM,
        r"(?P<what>\.find\w*\((?:[^()\n]|\([^()\n]*\))*\)\s*\.get\(\))",
        r"isPresent\(|isEmpty\(",
        "`{}` throws if the record does not exist, and the response status is 500",
    ),
    review(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?m)^\s*(?P<what>h\.response\([^;]*\)(?:\.\w+\([^;)]*\))*);",
        "",
        "the handler does not return `{}`, so the client gets another response",
    ),
    review(
        Practice::InternalError,
        &[
            "filter.ts",
            "middleware.ts",
            "handler.ts",
            "filter.js",
            "middleware.js",
            "handler.js",
        ],
        r"(?P<what>=\s*(?:exception|error|err|e)\.(?:message|stack))\b",
        r"(?i)production|prod\b",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::InternalError,
        SCRIPT,
        r"new \w*(?:Exception|HttpError|HttpErrors\.\w+)\(\s*(?P<what>`[^`]*\$\{\s*\w*(?:[eE]rr\w*|exception)(?:\.message)?\s*\}|(?:err|error|e|exception)\.message)",
        "",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::InternalError,
        GO,
        r"(?P<what>\b(?:status\.Error|errors\.(?:InternalServer|New|BadRequest|ServiceUnavailable))\([^\n]*,\s*err\.Error\(\)\s*\))",
        "",
        "`{}` exposes the text of an internal error to the client",
    ),
];
