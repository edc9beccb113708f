//! A build uses unpinned versions of a dependency.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-8.unpinned-dependency",
        title: "A build uses unpinned versions of a dependency",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "Production requirements of Python without an exact version, `*` or `latest` in `package.json`, or a repository of snapshots in a build of Java. Files for development and tests are excluded. The rule reports one finding per file.",
        why: "The same commit builds another program tomorrow, and a stolen package account reaches production at once.",
        fix: &[(
            "any",
            "Name exact versions, or commit a lock file and build from it.",
        )],
        references: &["https://pip.pypa.io/en/stable/topics/repeatable-installs/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::FixedVersion,
            "every file names fixed versions",
        )
    }),
};
