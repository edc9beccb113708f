//! A limiter whose key the caller writes.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.spoofable-key",
        title: "The rate limiter takes its key from a header that any caller may write",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "A limiter reads `X-Forwarded-For` itself, and its file does not speak of trusted proxies.",
        why: "A caller who sends another address with each request is never limited, and can lock out others by sending theirs.",
        fix: &[(
            "any",
            "Take the client address through a list of trusted proxies (`app.set(\"trust proxy\", 1)`, `engine.SetTrustedProxies`), or limit by the authenticated user.",
        )],
        references: &[
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#security_and_privacy_concerns",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::LimiterKey)),
};
