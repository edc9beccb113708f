//! Responses that depend on the text of a failure, or that are the same for every failure.

use super::{GO, JVM, ONE_FUNCTION, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const TEXT: &str = "the text of a failure decides (`{}`), so a new wording changes the response";
const CALLER: &str = "failures of the service become a mistake of the caller (`{}`)";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::ErrorResponse,
        JVM,
        r"(?P<what>\b(?:e|ex|exception|err|error)\.getMessage\(\)(?:\.toLowerCase\(\))?\.(?:contains|startsWith|equals|endsWith|matches)\()",
        r"\bcatch\s*\(|@ExceptionHandler|\bfun \w*|Exception \w+\)",
        "",
        TEXT,
    )
    .guess(),
    review(
        Practice::ErrorResponse,
        GO,
        r"(?P<what>\bstrings\.(?:Contains|HasPrefix|HasSuffix|EqualFold)\(\s*err\.Error\(\)|\berr\.Error\(\)\s*[!=]=)",
        "",
        TEXT,
    )
    .guess(),
    review(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?P<what>\b(?:e|err|error|exception)\??\.message\??\.(?:includes|startsWith|match|indexOf)\(|\b(?:e|err|error|exception)\.message\s*===?\s*['\x22])",
        "",
        TEXT,
    )
    .guess(),
    inside(
        Practice::ErrorResponse,
        JVM,
        r"@ExceptionHandler\(\s*\{?\s*(?:Runtime)?Exception\.class\s*\}?\s*\)[\s\S]{0,900}?(?P<what>HttpStatus\.(?:BAD_REQUEST|NOT_FOUND|CONFLICT|UNAUTHORIZED|FORBIDDEN)|ResponseEntity\.(?:badRequest|notFound)\(\))",
        ONE_FUNCTION,
        r"INTERNAL_SERVER_ERROR|internalServerError|\b500\b",
        CALLER,
    ),
    inside(
        Practice::ErrorResponse,
        JVM,
        r"\bcatch\s*\(\s*(?:final\s+)?(?:FeignException|RestClientException|WebClientException|ResourceAccessException)\s+\w+\s*\)\s*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>throw new \w*(?i:notfound|badrequest|invalid|insufficient|unavailableproduct|conflict)\w*\()",
        ONE_FUNCTION,
        "",
        CALLER,
    ),
    inside(
        Practice::ErrorResponse,
        JVM,
        r"\.onStatus\(\s*(?:HttpStatusCode|HttpStatus)::(?:is4xxClientError|isError)[^;]{0,300}?(?P<what>(?:HttpStatus\.)?\bNOT_FOUND\b|new \w*NotFound\w*)",
        "",
        r"statusCode\(\)\s*(?:==|\.equals|\.value)|value\(\)\s*==\s*404",
        "every refusal of the other service becomes `{}`",
    ),
];
