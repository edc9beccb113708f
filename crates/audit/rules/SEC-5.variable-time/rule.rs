//! A secret is compared in variable time.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-5.variable-time",
        title: "A secret is compared in variable time",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "An API key, a shared secret or a signature is compared with `==` or a text comparison instead of a function for secrets. The finding has low confidence. The rule reports one per file. A comparison of the header of a signature (`X-Signature`) counts too.",
        why: "The comparison ends at the first different character. An attacker who measures many requests learns the secret character by character.",
        fix: &[(
            "any",
            "Use the function of the platform: `CryptographicOperations.FixedTimeEquals`, `crypto.timingSafeEqual`, `subtle.ConstantTimeCompare`, `hmac.compare_digest`, the crate `subtle`.",
        )],
        references: &["https://codahale.com/a-lesson-in-timing-attacks/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SecretComparison,
            "secrets are compared in constant time",
        )
    }),
};
