//! A container or an account has more rights than it needs.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.excessive-rights",
        title: "A container or an account has more rights than it needs",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "A manifest has `privileged: true`, a compose entry has `user: root`, or a binding gives the role `cluster-admin`. The rule reports one finding per file.",
        why: "Code that runs in the container controls the host, and the account controls the cluster.",
        fix: &[(
            "any",
            "Remove the line. If the program needs one right, give it that capability or a role of its own.",
        )],
        references: &["https://kubernetes.io/docs/concepts/security/pod-security-standards/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::Privileges,
            "no manifest gives rights without need",
        )
    }),
};
