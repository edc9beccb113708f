//! A secret comes from a predictable random source.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-5.weak-random",
        title: "A secret comes from a predictable random source",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A function or variable that is named like a secret (`token`, `otp`, `verificationCode`) gets its value from `math/rand`, `Math.random`, `random` or `java.util.Random`. `random.SystemRandom` is excluded.",
        why: "Attackers compute the next values from some that they have seen, and take over accounts.",
        fix: &[
            ("Go", "Use `crypto/rand`."),
            ("JavaScript", "`crypto.randomInt`, `crypto.randomUUID`."),
            (
                "any",
                "Use the random source of the operating system, as `secrets` in Python.",
            ),
        ],
        references: &["https://cwe.mitre.org/data/definitions/338.html"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::WeakRandom),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java"],
            "no secret comes from a predictable source",
        )
    }),
};
