//! The client address comes from a header that clients control.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.spoofable-key",
        title: "The client address comes from a header that clients control",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "A limiter reads `X-Forwarded-For` itself, and its file does not mention trusted proxies. Low confidence for other code that reads the header in a service without a list of trusted proxies.",
        why: "A client that sends another address with each request bypasses the limit. It can also exhaust the limit of others by sending their address.",
        fix: &[(
            "any",
            "Derive the client address from a list of trusted proxies (`app.set(\"trust proxy\", 1)`, `engine.SetTrustedProxies`), or limit by the authenticated user.",
        )],
        references: &[
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#security_and_privacy_concerns",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::LimiterKey)),
};
