//! Settings of frameworks that are off, in another unit, or open by default.

use super::{PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const APPLICATION: &[&str] = &["application.yml", "application.yaml"];

pub(super) const SIGNS: &[Sign] = &[
    // Version 5 of `@nestjs/throttler` takes an array, and its unit is the millisecond.
    review(
        Practice::LimiterFailure,
        SCRIPT,
        r"\bThrottlerModule\.forRoot(?:Async)?\(\s*(?:\[|\{\s*throttlers\s*:\s*\[)[^\]]*?(?P<what>\bttl\s*:\s*\d{1,3})\s*[,}\n]",
        "",
        "`{}` is in milliseconds, so the limit has hardly any effect",
    ),
    review(
        Practice::LogFormat,
        SCRIPT,
        r"=\s*(?P<what>\b(?:[fF]astify|fastify\.default)\(\s*(?:\{\s*\})?\s*\))",
        r"(?i)logger|pino|winston",
        "`{}` has no logger, so no request and no failure is logged",
    ),
    review(
        Practice::UnsafeInput,
        PYTHON,
        r"(?P<what>\b(?:CELERY_)?(?:accept_content|task_serializer|result_serializer|ACCEPT_CONTENT|TASK_SERIALIZER|RESULT_SERIALIZER)\b['\x22]?\s*[=:][^\n]*\bpickle\b)",
        "",
        "every client of the broker can run code in the worker (`{}`)",
    ),
    review(
        Practice::PoolBounds,
        APPLICATION,
        r"(?m)^spring:[\s\S]*?\n  (?P<what>jpa):[ \t]*\n",
        r"(?m)open-in-view|^  main:\s*\n\s+web-application-type:\s*none",
        "`open-in-view` is on by default, so a request holds its connection until the response is written",
    )
    .guess(),
    review(
        Practice::PoolBounds,
        &["application.properties"],
        r"(?m)\A(?:[^s\n][^\n]*\n|\n|s[^\n]*\n)*?(?P<what>spring\.jpa\.)(?:hibernate|show|properties|database)",
        r"open-in-view|web-application-type",
        "`open-in-view` is on by default, so a request holds its connection until the response is written",
    )
    .guess(),
    review(
        Practice::OutboundTimeout,
        APPLICATION,
        r"(?m)^\s+gateway:\s*\n(?:\s+[^\n]*\n)*?\s+(?P<what>routes:)",
        r"(?i)response-timeout|connect-timeout|CircuitBreaker",
        "the gateway waits without a limit for the responses of its routes (`{}`)",
    ),
    review(
        Practice::OutboundTimeout,
        &[
            "kong.yml",
            "kong.yaml",
            "kong.template.yaml",
            "config.template.yaml",
        ],
        r"(?m)^(?P<what>services:)\s*\n",
        r"(?i)read_timeout|connect_timeout|write_timeout",
        "the gateway waits up to a minute for each response and repeats requests (`{}` without timeouts)",
    ),
];
