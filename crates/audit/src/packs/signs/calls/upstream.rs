//! Services that call others: answers and failures that they pass on, guards that let requests
//! pass, checks of health that hide a failure.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const PASSED_ON: &str = "the answer of another service becomes the own answer (`{}`)";
const PASSES: &str = "without the setting the guard lets every request pass (`{}`)";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?P<what>\.status(?:Code)?\s*=\s*(?:error|err|e)\.response\??\.status\b|\.status\(\s*(?:error|err|e)\.response\??\.status\b)",
        "",
        "the status of another service becomes the own status (`{}`), also its 401 and 500",
    ),
    review(
        Practice::InternalError,
        SCRIPT,
        r"(?P<what>new Error\(\s*(?:error|err|e)\.response\??\.data|\.(?:json|send)\(\s*(?:error|err|e)\.response\??\.data)",
        "",
        PASSED_ON,
    ),
    review(
        Practice::LimiterFailure,
        SCRIPT,
        r"\?\s*(?:jwt|auth|expressjwt|passport)\b[^:;]*:\s*(?P<what>\(\s*_?req\w*\s*,\s*_?res\w*\s*,\s*next\s*\)\s*=>\s*next\(\))",
        "",
        PASSES,
    ),
    inside(
        Practice::LimiterFailure,
        SCRIPT,
        r"if\s*\(\s*(?P<what>!\s*[\w.]*(?:[eE]nabled|[sS]ecret|[kK]ey|[tT]oken|required))\s*\)\s*\{?\s*(?:[^{};]*;\s*)?return\s+(?:next\(\)|true)",
        r"(?i)auth|guard|permission|policy|canActivate|verify",
        "",
        PASSES,
    ),
    inside(
        Practice::LimiterFailure,
        GO,
        r#"if (?P<what>[\w.]*(?i:secret|apikey|token|key) == ""|![\w.]*(?i:enabled|required)) \{\s*\n(?:[^\n]*(?i:log)[^\n]*\n)?\s*(?:next\.ServeHTTP|c\.Next\(\)|return next|return handler)"#,
        r"(?i)auth|token|key|guard",
        "",
        PASSES,
    ),
    review(
        Practice::LimiterFailure,
        &[".ts", ".js", ".go", ".py"],
        r"(?i)\bif\s*\(?\s*(?P<what>[\w.]*fail_?open\w*)\s*\)?\s*[{:]",
        "",
        "a setting lets requests pass if the check fails (`{}`)",
    ),
    review(
        Practice::OpenByDefault,
        SCRIPT,
        r"if\s*\(\s*!\s*(?P<what>process\.env\.\w*(?:TOKEN|KEY|SECRET|AUTH|PASSWORD)\w*)\s*\)\s*\{?\s*(?:return\s+)?next\(\s*\)",
        "",
        "without the setting each request passes (`{}`)",
    ),
    review(
        Practice::OpenByDefault,
        &[".go"],
        r#"if (?P<what>(?:\w+\.)*\w*(?i:token|secret|apikey|api_key|password)\w*) == "" \{\s*\n\s*(?:next\.ServeHTTP\(|c\.Next\(\)|return next\()"#,
        "",
        "without the setting each request passes (`{}`)",
    ),
    review(
        Practice::OpenByDefault,
        SCRIPT,
        r"(?P<what>\b(?:required|enabled|authRequired|requireAuth)\s*:\s*process\.env\.\w*(?:AUTH|JWT|TOKEN)\w*\s*===?\s*['\x22](?:true|1)['\x22])",
        "",
        "without the setting no caller is authenticated (`{}`)",
    ),
    review(
        Practice::OpenRoute,
        SCRIPT,
        r"\.use\(\s*(?P<what>optional\w*(?i:auth|jwt|token|user)\w*)\s*\)",
        "",
        "`{}` accepts requests without a token, and routes that change data follow it",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"\.all\(\s*(?P<what>['\x22`]/?\*[^'\x22`]*['\x22`])\s*,",
        r"cors|preflight|notFound|404",
        "the caller chooses the method and the path of an internal call (`{}`)",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"\.(?:get|post|put|patch|delete)\(\s*`\$\{[^}]*\}/\$\{(?P<what>[\w.]*[iI]d)\}",
        r"encodeURIComponent|isUUID|ParseUUIDPipe|ObjectId",
        "`{}` becomes part of the path of an internal address without escaping",
    )
    .guess(),
    review(
        Practice::HealthResult,
        SCRIPT,
        r"\?\s*['\x22](?:ok|OK|up|UP|healthy)['\x22]\s*:\s*(?P<what>['\x22](?:degraded|unhealthy|error|down|DOWN)['\x22])",
        r"\?\s*200\s*:\s*503|\?\s*503\s*:\s*200|statusCode\s*=|ServiceUnavailable",
        "the health route answers 200 with the status {}",
    ),
    review(
        Practice::ShutdownContext,
        SCRIPT,
        r"process\.on\(\s*['\x22]SIGTERM['\x22][\s\S]{0,400}?(?P<what>\bserver\.close)\(",
        r"setTimeout|terminus|closeAllConnections|closeIdleConnections|stoppable",
        "`{}` waits for open connections without a time limit",
    ),
    review(
        Practice::FileLogging,
        SCRIPT,
        r"!==?\s*['\x22]production['\x22]\s*\)\s*\{\s*(?P<what>\w+\.add\(\s*new\s+(?:winston\.)?(?:transports\.)?Console)",
        "",
        "in production no log reaches the standard output, because `{}…)` is for development",
    ),
    review(
        Practice::MemoryState,
        SCRIPT,
        r"(?P<what>\bthis\.\w*(?i:cache|sessions|tokens|pending|connections|attempts|counters)\w*\s*=\s*new (?:Map|Set)\b)",
        r"max(?:Size|Entries)|lru|LRU",
        "each replica has its own `{}`, and no bound limits it",
    ),
    review(
        Practice::SilentNull,
        SCRIPT,
        r"\bcatch\s*(?:\([^)]*\))?\s*\{\s*(?:[\w.]*(?i:log|console)[^;{}]*(?:\{[^{}]*\})?[^;{}]*;\s*)?return\s+(?P<what>null|undefined|\[\]|\{\})\s*;",
        "",
        "a failure becomes `{}`, which callers cannot tell from an empty result",
    ),
];
