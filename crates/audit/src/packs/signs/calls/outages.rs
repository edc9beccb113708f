//! Failures of dependencies that a response or a result reports as something else.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const BLAMED: &str =
    "a failure of a dependency is returned as `{}`, as if the caller had made an error";
/// Words of code that distinguishes failures.
const APART: &str = r"instanceof|\.code\b|\.status(?:Code)?\s*===|isAxiosError|getStatus\(|error\.name|\.verify\w*\(";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"\bcatch\s*(?:\(\w*(?::\s*\w+)?\))?\s*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>\bstatus\(\s*(?:HttpStatus\.(?:BAD_REQUEST|UNAUTHORIZED|NOT_FOUND|FORBIDDEN)|40[0-4])\s*\)|throw new (?:BadRequest|Unauthorized|NotFound|Forbidden)Exception)",
        r"\.send(?:<[^>\n]*>)?\(|toPromise|firstValueFrom|fetch\(|axios|\.find\w*\(|\.query\(|\.save\(",
        APART,
        BLAMED,
    ),
    review(
        Practice::ErrorResponse,
        &[".ts"],
        r"\bcatchError\(\s*(?:\(?\w*\)?\s*=>)\s*\{?[^{}]*?(?P<what>throw new (?:Unauthorized|BadRequest|NotFound|Forbidden)Exception)",
        APART,
        BLAMED,
    ),
    inside(
        Practice::ErrorResponse,
        PYTHON,
        r"except(?: Exception(?: as \w+)?)?:\s*\n(?:[ \t]+[^\n]*(?i:log|print)[^\n]*\n)*[ \t]+raise HTTPException\(\s*(?:status_code\s*=\s*)?(?P<what>40[0-4]|status\.HTTP_40[0-4]\w*)",
        r"requests\.|httpx|session\.|\bdb\.|await ",
        r"except \w*(?:NotFound|Validation|NoResult|Jwt|JWT)\w*",
        BLAMED,
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"catch\s*\(\s*(?:final )?(?:Rest|Feign|WebClient|HttpClient)\w*Exception\s+\w+\s*\)\s*\{[^{}]*?(?P<what>HttpStatus\.(?:BAD_REQUEST|NOT_FOUND|UNAUTHORIZED)|\.badRequest\(\))",
        r"getStatusCode|status\(\)",
        BLAMED,
    ),
    // The comparison is the wrong way round.
    review(
        Practice::ErrorResponse,
        GO,
        r"\bif (?:err != |!errors\.Is\(err, )(?P<what>redis\.Nil|sql\.ErrNoRows|pgx\.ErrNoRows|gorm\.ErrRecordNotFound|mongo\.ErrNoDocuments)\)? \{\s*\n\s*return [^\n]*(?i:not_?found)",
        "",
        "every failure except `{}` is returned as a missing record",
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"(?P<what>\bHttpStatus(?:Code)?::is(?:4xxClientError|Error))\s*,[^;]{0,120}?HttpStatus\.NOT_FOUND",
        "",
        "every status of `{}` is returned as a missing record",
    ),
    review(
        Practice::ErrorResponse,
        PYTHON,
        r"if (?P<what>\w+\.status_code\s*(?:!=\s*200|>=\s*400))\s*:\s*\n\s*raise HTTPException\(\s*(?:status_code\s*=\s*)?(?:40[0-4]|status\.HTTP_40[0-4]\w*)",
        r"status_code\s*==\s*(?:404|401|403)|status_code\s*(?:>=|in)\s*\(?5",
        "every status with `{}` is returned as if the caller had made an error",
    ),
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"\bcatch\s*(?:\(\w*(?::\s*\w+)?\))?\s*\{\s*(?:[^\n{}]*(?i:log|console)[^\n{}]*\n\s*)*(?P<what>return\s*(?:\{[^{}]*\b(?:status|success|valid|ok)\s*:\s*false|null\s*;))",
        r"(?i)(?:sign_?in|log_?in|validate_?user|authenticate)\w*\s*\([\s\S]*await",
        APART,
        "a failure of a dependency is returned as a wrong password (`{}`)",
    ),
    review(
        Practice::InternalError,
        SCRIPT,
        r"\bcatch\s*\(\s*\w+[^)\n]*\)\s*\{(?:[^{}]|\{[^{}]*\})*?return\s*\{[^{}]*?(?P<what>\b(?:messages?|error|errors|reason)\s*:\s*(?:error|err|e))\s*[,}\n]",
        "",
        "`{}` exposes the text of an internal error to the client",
    ),
    inside(
        Practice::IgnoredError,
        SCRIPT,
        r"\btry\s*\{(?:[^{}]|\{[^{}]*\})*?\breturn\s+(?P<what>this\.\w+(?:\.\w+)*\.(?:find|query|get|save|create|update|delete|send|request)\w*)\(",
        r"\basync\b",
        r"\breturn await\b|\.toPromise\(\)",
        "the promise of `{}` leaves the `try`, so its failure is not caught",
    ),
    inside(
        Practice::IgnoredError,
        GO,
        r"\bfor (?P<what>(?:rows|cursor|cur|iter|it|result|results)\.Next)\(",
        r"\.(?:Decode|Scan|Value)\(",
        r"\.(?:Err|Error)\(\)",
        "no code reads the error after `{}`, so an aborted list looks complete",
    ),
    inside(
        Practice::IgnoredError,
        GO,
        r"\w+, _ :?= (?P<what>(?:\w+\.)+(?:Stat|ReadAll|ReadFile|Open|Do))\(",
        r"\bfunc\b",
        "",
        "the error of `{}` is dropped",
    ),
    inside(
        Practice::UncheckedValue,
        GO,
        r"\w+, _ :?= (?P<what>pem\.Decode)\(",
        r"\.Bytes\b",
        r"[=!]= nil \{?\s*(?:\n[^\n]*PEM|\|\||&&)|\bblock [=!]= nil|\bdata [=!]= nil|\bb [=!]= nil|\bp [=!]= nil",
        "`{}` returns nothing for a text without a block, and the code reads it",
    ),
];
