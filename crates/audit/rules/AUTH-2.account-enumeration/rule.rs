//! A login reveals which accounts exist.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-2.account-enumeration",
        title: "A login reveals which accounts exist",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "A login responds to an unknown account before it computes a hash, or with a different text. The finding has low confidence.",
        why: "Attackers learn which addresses are customers, and try stolen passwords with these only.",
        fix: &[(
            "any",
            "Verify the password against a fixed dummy hash if the account is unknown. Return the same response in both cases.",
        )],
        references: &["https://owasp.org/www-project-web-security-testing-guide/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::AccountEnumeration,
            "a login has the same response for unknown accounts and wrong passwords",
        )
    }),
};
