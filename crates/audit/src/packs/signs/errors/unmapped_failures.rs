//! Failures that no code maps to a status, so the caller gets 500.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const MALFORMED: &str =
    "`{}` raises an exception for a malformed value of the caller, so it gets 500 and not 400";
const UNREACHABLE: &str = "no code catches the failure of `{}…)`, so an outage of the other service is an unhandled exception";
const UNMAPPED: &str =
    "no code of the service catches what `{}…)` raises, so a mistake of the caller becomes 500";
const OUTAGE: &str =
    "`{}` reports an outage of another service as a fault of this one, and not as 502 or 503";

/// Services, repositories and handlers of Python, by the usual names of their files.
const PYTHON_SERVICES: &[&str] = &[
    "service.py",
    "services.py",
    "repository.py",
    "repositories.py",
    "crud.py",
    "usecase.py",
    "usecases.py",
    "use_case.py",
    "use_cases.py",
];

/// An exception that services raise. `elsewhere` matches code that catches or maps it.
const fn unmapped(pattern: &'static str, elsewhere: &'static str) -> Sign {
    Sign {
        elsewhere,
        ..review(
            Practice::ErrorResponse,
            PYTHON_SERVICES,
            pattern,
            r"(?i)validator\b|\benviron\b",
            UNMAPPED,
        )
    }
}

pub(super) const SIGNS: &[Sign] = &[
    unmapped(
        r"(?P<what>\braise ValueError\()",
        r"except\s*\(?[^:\n]*\b(?:ValueError|Exception)\b|except\s*:|exception_handler\(\s*(?:ValueError|Exception)\b|errorhandler\(\s*(?:ValueError|Exception)\b|add_exception_handler\(\s*(?:ValueError|Exception)\b",
    ),
    unmapped(
        r"(?P<what>\braise (?:LookupError|KeyError)\()",
        r"except\s*\(?[^:\n]*\b(?:LookupError|KeyError|Exception)\b|except\s*:|exception_handler\(\s*(?:LookupError|KeyError|Exception)\b|errorhandler\(\s*(?:LookupError|KeyError|Exception)\b",
    ),
    unmapped(
        r"(?P<what>\braise (?:RuntimeError|Exception)\()",
        r"except\s*\(?[^:\n]*\b(?:RuntimeError|Exception)\b|except\s*:|exception_handler\(\s*(?:RuntimeError|Exception)\b|errorhandler\(\s*(?:RuntimeError|Exception)\b",
    ),
    review(
        Practice::ErrorResponse,
        PYTHON,
        r"(?P<what>\b(?:int|float|UUID|uuid\.UUID|datetime\.fromisoformat|date\.fromisoformat)\(\s*(?:request\.(?:headers|query_params|cookies|args|GET|form|path_params|match_info)\b|x_\w+\s*\)))",
        r"\btry\s*:|isdigit\(\)|isnumeric\(\)",
        MALFORMED,
    ),
    inside(
        Practice::ErrorResponse,
        PYTHON,
        r"=\s*request\.(?:headers|cookies|query_params|args)\.get\([^\n]*\n(?:[^\n]*\n){0,5}?[^\n]*(?P<what>\b(?:int|float|UUID|uuid\.UUID)\(\s*\w+\s*\))",
        ONE_FUNCTION,
        r"\btry\s*:|isdigit\(\)|isnumeric\(\)",
        MALFORMED,
    ),
    review(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?P<what>\bJSON\.parse\(\s*(?:String\()?(?:req|request|ctx)\.(?:query|params|headers|cookies)\b)",
        r"\btry\s*\{",
        MALFORMED,
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"(?P<what>\b(?:Integer|Long|UUID|LocalDate|LocalDateTime|Enum|[A-Z]\w*Status|[A-Z]\w*Type)\.(?:parseInt|parseLong|parse|valueOf|fromString)\(\s*(?:request|req|exchange)\.get(?:Header|Headers|QueryParams|Cookies)\b)",
        r"\btry\b|\bcatch\b|runCatching",
        MALFORMED,
    ),
    Sign {
        elsewhere: r"except\s*:|except\s*\(?[^:\n]*\b(?:httpx|requests|aiohttp|RequestException|RequestError|HTTPError|ConnectError|ConnectionError|TransportError|ClientError|Exception)\b|exception_handler\(\s*(?:httpx|requests|Exception)\b",
        ..inside(
            Practice::ErrorResponse,
            PYTHON,
            r"(?P<what>\b(?:httpx|requests|client|session|http_client|http|self\.(?:_?client|_?session|_?http\w*))\.(?:get|post|put|patch|delete|request))\(",
            r"(?i)https?://|_URL\b|base_url|\burl\b",
            r"\btry\s*:|\b50[234]\b|TestClient|locust|catch_response",
            UNREACHABLE,
        )
    },
    review(
        Practice::ErrorResponse,
        PYTHON,
        r"except\s*\(?[^:\n]*\b(?:httpx|requests|aiohttp|grpc)\b[^:\n]*:\s*\n(?:[^\n]*\n){0,2}?[ \t]*(?P<what>raise HTTPException\(\s*(?:status_code\s*=\s*)?(?:500|status\.HTTP_500_INTERNAL_SERVER_ERROR))",
        "",
        OUTAGE,
    ),
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"catch\s*(?:\([^)\n]*\))?\s*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>new InternalServerErrorException\(|HttpStatus\.INTERNAL_SERVER_ERROR|\.status\(\s*500\s*\))",
        r"axios|httpService|\bfetch\(|firstValueFrom|lastValueFrom|\bgot\.",
        r"\b50[234]\b|BAD_GATEWAY|BadGateway|ServiceUnavailable|SERVICE_UNAVAILABLE|response\?*\.status|error\.status|err\.status",
        OUTAGE,
    ),
    inside(
        Practice::ErrorResponse,
        GO,
        r"if err != nil \{\s*\n(?:[^\n{}]*\n){0,3}?[^\n]*(?P<what>http\.StatusInternalServerError)",
        r"\bhttp\.(?:Get|Post|PostForm|DefaultClient\.Do)\(|[cC]lient\.Do\(",
        r"StatusBadGateway|StatusServiceUnavailable|StatusGatewayTimeout|StatusFailedDependency",
        OUTAGE,
    ),
];
