//! Passwords are stored as plain text or with a fast hash.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-2.plain-password",
        title: "Passwords are stored as plain text or with a fast hash",
        severity: Severity::High,
        category: Category::Security,
        meaning: "The code compares two passwords with `==` or `equals`, uses a no-op password encoder, or hashes a password with MD5, SHA-1 or SHA-256. A hash of a stored hash (`password_hash`) is excluded.",
        why: "One copy of the database gives attackers the passwords of all users, who use them elsewhere too.",
        fix: &[(
            "any",
            "Use Argon2id or bcrypt, and the verify function of the library.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::PlainPassword)),
};
