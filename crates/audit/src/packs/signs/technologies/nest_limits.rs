//! Limits of NestJS that have no effect: windows in the wrong unit, and roles without a guard.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    // The list of throttlers exists since version 5, whose unit is a millisecond.
    review(
        Practice::LimiterFailure,
        SCRIPT,
        r"\bThrottlerModule\.forRoot(?:Async)?\([^;]{0,400}?\[\s*\{[^{}]*?(?P<what>\bttl:\s*[1-9]\d{0,2})\s*[,}\n]",
        "",
        "`{}` is in milliseconds, so the limiter forgets each request at once",
    ),
    review(
        Practice::LimiterFailure,
        SCRIPT,
        r"\bThrottle\(\s*\{[^{}]*\{[^{}]*?(?P<what>\bttl:\s*[1-9]\d{0,2})\s*[,}]",
        "",
        "`{}` is in milliseconds, so the limiter forgets each request at once",
    ),
    Sign {
        elsewhere: r"\bAPP_GUARD\b|useGlobalGuards\(",
        ..review(
            Practice::OpenRoute,
            &["controller.ts"],
            r"(?P<what>@Roles\()",
            r"UseGuards|@Auth\(",
            "no guard reads `{}…)`, so every caller has the role",
        )
    },
    review(
        Practice::OutboundTimeout,
        SCRIPT,
        r"(?P<what>\bnew (?:Redis|IORedis)\()",
        r"commandTimeout|socketTimeout",
        "`{}…)` sets no time limit for commands, so a request waits while Redis is down",
    ),
];
