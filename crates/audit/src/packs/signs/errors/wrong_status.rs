//! Failures of a dependency that become the wrong status, or a failure without a cause.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const OUTAGE: &str =
    "`{}` hides that another service is not available, so the caller gets 500 and not 503";
const LOST: &str =
    "`{}` loses the cause, so callers cannot distinguish a missing record from a failure";
const CALLS: &str = r"(?i)http_?service|axios|\bfetch\(|firstValueFrom|lastValueFrom|\bgot\(|rest_?template|web_?client|feign|httpx|requests\.(?:get|post|put|patch|delete)|stub\.|client\.\w+\(";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"catch\s*(?:\([^)\n]*\))?\s*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>throw new Error\()",
        CALLS,
        r"ServiceUnavailable|\b503\b|BadGateway|\b502\b",
        OUTAGE,
    ),
    inside(
        Practice::ErrorResponse,
        JVM,
        r"catch\s*\([^)\n]*\)\s*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>throw (?:new )?(?:RuntimeException|Exception|IllegalStateException)\()",
        CALLS,
        r"ServiceUnavailable|SERVICE_UNAVAILABLE|BAD_GATEWAY",
        OUTAGE,
    ),
    inside(
        Practice::ErrorResponse,
        PYTHON,
        r"except[^\n]*:\s*\n(?:[^\n]*\n){0,3}?[ \t]*(?P<what>raise (?:Exception|RuntimeError|ValueError)\()",
        CALLS,
        r"\b50[23]\b|SERVICE_UNAVAILABLE",
        OUTAGE,
    ),
    review(
        Practice::ErrorResponse,
        GO,
        r#"(?:ErrNoRows|ErrRecordNotFound|ErrNoDocuments|redis\.Nil)\)?\s*\{\s*\n(?:[^\n{}]*\n)?[ \t]*return [^\n]*(?P<what>(?:fmt\.Errorf|errors\.New))\("(?:[^"%\n]|%[^w"\n])*""#,
        "",
        LOST,
    ),
    inside(
        Practice::ErrorResponse,
        GO,
        r"(?P<what>switch\s+[^\n{]*(?:\.Code\(|\bCode\b|\bcode\b)[^\n{]*)\{",
        r"codes\.NotFound[\s\S]*http\.Status|http\.Status[\s\S]*codes\.NotFound",
        r"codes\.Unavailable|codes\.DeadlineExceeded",
        "`{}` has no case for a service that is not available or too slow, so callers get 500 and not 503",
    ),
    inside(
        Practice::ErrorResponse,
        JVM,
        r"(?P<what>\b\w*(?i:token|jwt)\w*\.(?:validate|verify|parse|decode|extract)\w*\()",
        r"doFilterInternal\(",
        r"\btry\b|\bcatch\b|runCatching",
        "`{}…)` throws for an invalid token, and an exception of a filter becomes 500 and not 401",
    ),
    review(
        Practice::ErrorResponse,
        SCRIPT,
        r"catch\s*\([^)\n]*\)\s*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>(?:\|\||\?\?)\s*(?:\w+\.)*(?:BAD_REQUEST|NOT_FOUND|UNAUTHORIZED|40[014])\b)",
        "",
        "a failure without its own status, such as a database error, becomes a 4xx response (`{}`)",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"\.(?:Scan|StructScan|Decode)\([^\n]*\)\s*;?\s*(?:err != nil)?\s*(?:\n[ \t]*if err != nil)?\s*\{\s*\n(?:[^\n{}]*\n){0,3}?[ \t]*(?P<what>continue)\b",
        "",
        "a row that cannot be read is left out (`{}`), and the caller gets a shorter list as complete",
    ),
    review(
        Practice::ErrorResponse,
        &[
            "service.java",
            "serviceimpl.java",
            "usecase.java",
            "controller.java",
            "service.kt",
            "filter.java",
            "loader.java",
            "handler.java",
        ],
        r"(?P<what>\.orElseThrow\(\s*\))",
        "",
        "`{}` throws without a message and a status, so an unknown ID becomes 500",
    ),
    review(
        Practice::ErrorResponse,
        GO,
        r#"if err != nil \|\| [^\n{]+\{\s*\n(?:[^\n{}]*\n){0,3}?[ \t]*return [^\n]*(?P<what>fmt\.Errorf\("[^"\n]*%w[^"\n]*", (?:[^\n]*, )?err\))"#,
        "",
        "the condition is true without an error too, and `{}` then wraps nil",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^[ \t]*(?P<what>(?:\w+\.)*\w*(?i:cron|sched)\w*\.AddFunc\(|c\.AddFunc\()",
        "",
        "the error of `{}…)` is ignored, so a wrong schedule never runs",
    ),
];
