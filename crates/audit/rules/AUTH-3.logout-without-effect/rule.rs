//! A logout or a new password does not end sessions.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-3.logout-without-effect",
        title: "A logout or a new password does not end sessions",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Go, JavaScript, TypeScript, Python, Java, Kotlin: the function of a logout only logs and responds, or a function changes a password and mentions no session. JavaScript, TypeScript, Java, Kotlin, Go: a refresh trusts the signature of its token and stores nothing. A one-time code that no code deletes after its comparison counts too. The finding has low confidence.",
        why: "The tokens of the user stay valid until they expire. A stolen token survives the logout.",
        fix: &[(
            "any",
            "Delete the session or the refresh token, and add the access token to a revocation list until it expires.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::Logout, "logouts end their session")
    }),
};
