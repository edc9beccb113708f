//! Answers of Nest and Express: records that do not exist, failures that no log shows, and guards
//! that depend on another service.

use super::{ONE_FUNCTION, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const FOUND: &str =
    "`{}` also answers for a record that does not exist, so the caller sees success";
const SILENT: &str = "the failure is answered as `{}`, and neither a log nor a metric shows it";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?:const|let)\s+\w+\s*(?::[^=\n]+)?=\s*await\s+[\w.]+\.(?:execute|find(?:One|ById|ByPk|Unique|First)\w*|get\w*(?:ById|One)?)\([^;\n]*\)\s*;?\s*\n\s*(?:\n\s*)?return\s+\{\s*\n?\s*(?P<what>status\s*:\s*(?:HttpStatus\.OK|200|'success'|\x22success\x22))",
        ONE_FUNCTION,
        r"if\s*\(\s*!|===?\s*null|NotFound|NOT_FOUND|\bthrow\b",
        FOUND,
    ),
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?:const|let)\s+\w+\s*=\s*await\s+[\w.]+\.(?:findById|findByPk|findUnique|findOne(?:By)?|findFirst)\([^;]{0,200}?\)\s*;?\s*\n\s*(?:\n\s*)?(?:return\s+)?(?P<what>(?:res|reply|response)\.(?:status\(\s*200\s*\)\s*\.)?(?:json|send))\(",
        ONE_FUNCTION,
        r"if\s*\(\s*!|===?\s*null|NotFound|404|OrThrow|orFail|\?\s*res",
        FOUND,
    ),
    review(
        Practice::IgnoredError,
        SCRIPT,
        r"\bcatch\s*(?:\(\s*\w+\s*(?::\s*\w+)?\s*\))?\s*\{\s*(?:if\s*\([^{}]*\)\s*\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}\s*)?return\s+\{[^{};]*?(?P<what>(?:HttpStatus\.)?INTERNAL_SERVER_ERROR|\b(?:status|statusCode|code)\s*:\s*(?:500|13))",
        r"(?i)logger|console\.|\blog\.|captureException",
        SILENT,
    ),
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?P<what>\bawait\s+(?:this\.\w*(?:[sS]ervice|[cC]lient)\.\w+|firstValueFrom|lastValueFrom|axios\.\w+|fetch)\()",
        r"\bcanActivate\s*\(",
        r"\btry\s*\{|catchError|\.catch\(|jwtService|reflector",
        "the failure of `{}…)` leaves the guard as 500, so an outage of the account service and a wrong token look the same",
    ),
];
