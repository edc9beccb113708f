//! The service logs a whole request or record.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, guesses, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-3.request-logged",
        title: "The service logs a whole request or record",
        severity: Severity::Medium,
        category: Category::Observability,
        meaning: "An argument of a logging call is a whole request body or a record of a person (`user`, `customer`, `payment`). In Go, a request with `%+v` counts too. The content of a message and the body of a failed response count with low confidence. Returned errors (`fmt.Errorf`) are not logs. Masking calls and single fields are excluded. A whole event or command counts in Java with low confidence. Low for the level debug.",
        why: "Passwords, card numbers and addresses of users end up in logs, which more people read and which are kept longer.",
        fix: &[(
            "any",
            "Log identifiers and sizes. If you need the content, log an allowlist of fields.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
        ],
    },
    check: Check::Service(|_, service| {
        or_passed(
            guesses(observed(service, Practice::BodyLogged)),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java"],
            "no logging call contains a whole request",
        )
    }),
};
