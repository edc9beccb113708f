//! A password may be very short.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-2.short-password",
        title: "A password may be very short",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "The schema of a new password has a minimum length of less than eight characters, or none: pydantic, class-validator, ASP.NET Identity, Go validator tags. The finding has low confidence. The rule reports one per file.",
        why: "Attackers guess short passwords within minutes after they copied the hashes, and often without them.",
        fix: &[(
            "any",
            "Require at least eight characters, better twelve, and refuse known passwords.",
        )],
        references: &["https://pages.nist.gov/800-63-4/sp800-63b.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PasswordLength,
            "passwords have a minimum length",
        )
    }),
};
