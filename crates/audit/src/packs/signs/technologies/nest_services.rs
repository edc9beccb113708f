//! Services with Nest: jobs, clients of brokers, health, and methods without content.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SecretLogged,
        SCRIPT,
        r"(?i)\b\w*log\w*\.\w+\([^;\n]*,\s*(?P<what>authentication|authorization|auth_?header|cookies?|credentials)\s*\)",
        "",
        "a log record contains `{}`",
    ),
    review(
        Practice::Stub,
        &["service.ts", "service.js"],
        r"\b(?P<what>(?:get(?:[A-GI-Z]|H[a-df-z])|find|list|create|update|delete|remove|fetch)\w*)\([^)]*\)(?:\s*:\s*[\w<>\[\]]+)?\s*\{\s*(?:try\s*\{\s*)?return\s+['\x22`][^'\x22`\n]*\w \w[^'\x22`\n]*['\x22`]\s*;?\s*\}",
        "",
        "`{}` only returns a constant text",
    ),
    Sign {
        elsewhere: r"\battempts\s*:|defaultJobOptions",
        ..review(
            Practice::DroppedMessage,
            SCRIPT,
            r"(?P<what>\b(?:this\.)?\w*[qQ]ueue\.add)\(\s*['\x22`]",
            r"\battempts\b|\w*[oO]pt(?:ion)?s\s*\)",
            "a failed job of `{}` is not repeated",
        )
    },
    Sign {
        elsewhere: r"removeOnComplete",
        ..review(
            Practice::Expiry,
            SCRIPT,
            r"(?P<what>\b(?:this\.)?\w*[qQ]ueue\.add)\(\s*['\x22`]",
            r"\w*[oO]pt(?:ion)?s\s*\)",
            "the finished jobs of `{}` stay in Redis",
        )
    },
    review(
        Practice::PublisherConfirm,
        SCRIPT,
        r"\bClientsModule\.register(?:Async)?\([\s\S]{0,600}?(?P<what>\bTransport\.RMQ)\b",
        r"persistent:\s*true",
        "a restart of the broker deletes the messages of this client of `{}`",
    ),
    review(
        Practice::HealthResult,
        &["controller.ts"],
        r"@Controller\(\s*['\x22](?:health\w*|readiness|ready)['\x22]\s*\)[\s\S]{0,300}?(?P<what>@Get\([^)]*\))[\s\S]{0,200}?return \{\s*status:\s*['\x22](?i:ok|up|healthy)['\x22]",
        r"HealthCheckService|\bawait\b|isHealthy|\.ping|constructor\(",
        "the handler of `{}` always answers that the service is healthy",
    ),
    review(
        Practice::OutboundTimeout,
        SCRIPT,
        r"(?P<what>\bMongooseModule\.forRoot(?:Async)?)\(",
        r"(?i)timeout|maxPoolSize",
        "the connection of `{}` sets neither a timeout nor the size of its pool",
    ),
];
