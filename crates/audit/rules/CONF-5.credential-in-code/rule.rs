//! The code contains a credential.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.credential-in-code",
        title: "The code contains a credential",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "Code gives a name like `jwtSecret` or `password` a literal value, passes a literal password to a client, or contains a URL with a password. Names of settings, types, kinds and properties, texts for people, masks, placeholders, seeds, test doubles, load tests and tests are excluded. The rule reports literals of one list, and equal addresses in one object, once. Low for an address of this machine and for a file for developers (`server-dev.ts`).",
        why: "Everyone with read access to the code or the image knows the value. It reaches production unless a deployment overrides it.",
        fix: &[(
            "any",
            "Read the value from the environment or from a secret file, and make startup fail if it is missing.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::CodeCredential),
            service,
            &[
                "Go",
                "JavaScript",
                "TypeScript",
                "Python",
                "Java",
                "Kotlin",
                "Rust",
            ],
            "no name that holds a credential gets a literal",
        )
    }),
};
