//! A setting turns encryption off.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.encryption-off",
        title: "A setting turns encryption off",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Code or a settings file disables TLS for a connection, or sets a cookie without `secure`. The finding has low confidence. Mail without `secure` or `requireTLS` counts in Node.js. Listeners of Kafka in a compose file count too.",
        why: "Passwords, tokens and data of users travel as plain text, and everyone on the network path can read and change them.",
        fix: &[(
            "any",
            "Turn TLS on with verification (`sslmode=verify-full`, `secure: true`), and let only a setting for development turn it off.",
        )],
        references: &["https://www.postgresql.org/docs/current/libpq-ssl.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::Encryption,
            "no setting turns encryption off",
        )
    }),
};
