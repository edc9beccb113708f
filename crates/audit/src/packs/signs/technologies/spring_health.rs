//! Health handlers of Spring that answer with success when a dependency is down.

use super::{JVM, ONE_FUNCTION, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::HealthResult,
        JVM,
        r"\bcatch\s*\([^)]*\)\s*\{[^{}]*\x22(?i:down|error|unhealthy|disconnected|failed)[^{}]*\}[\s\S]{0,700}?(?P<what>return ResponseEntity\.ok\()",
        ONE_FUNCTION,
        r"SERVICE_UNAVAILABLE|\b503\b|INTERNAL_SERVER_ERROR|serviceUnavailable|internalServerError",
        "`{}` answers 200 although a dependency is down",
    ),
    // A handler that looks at nothing is correct for liveness only.
    inside(
        Practice::HealthResult,
        JVM,
        r"@GetMapping\(\s*(?:(?:value|path)\s*=\s*)?\x22[^\x22\n]*(?P<what>/(?:ready|readiness|readyz))\x22",
        ONE_FUNCTION,
        r"(?i)datasource|connection|jdbc|redis|repository|template|\bping|503|unavailable|isReady|indicator|count\(|check\w*\(",
        "`{}` always answers that the service is ready",
    ),
    review(
        Practice::InternalError,
        &[
            "controller.java",
            "controller.kt",
            "handler.java",
            "handler.kt",
            "advice.java",
        ],
        r"(?P<what>\.put\(\s*\x22\w*(?i:error|message|detail|cause|reason|db|database|redis)\w*\x22\s*,[^;\n]*\b(?:e|ex|exception|error|err)\.(?:getMessage\(\)|toString\(\)|message\b))",
        "",
        "`{}…)` is part of the response",
    ),
];
