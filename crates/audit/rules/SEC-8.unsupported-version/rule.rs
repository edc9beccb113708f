//! A dependency gets no security fixes.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-8.unsupported-version",
        title: "A dependency gets no security fixes",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A manifest, a Dockerfile or a compose file names a version whose support has ended, or a library without a maintainer. Examples: Python before 3.9, Node.js before 20, Django before 4.2, Spring Boot before 3, `openjdk`, `request`, `dgrijalva/jwt-go`. The rule reports one finding per file.",
        why: "Known vulnerabilities stay open, and their exploits are public.",
        fix: &[(
            "any",
            "Move to a supported version, and let a bot propose updates.",
        )],
        references: &["https://endoflife.date"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SupportedVersion,
            "no file names a version without security fixes",
        )
    }),
};
