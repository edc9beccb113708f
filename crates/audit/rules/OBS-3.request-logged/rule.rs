//! The service logs a whole request or record.

mod body_schema;

use crate::model::facts::Practice;
use crate::model::{Model, Service};
use crate::rule::{
    Category, Check, Metadata, Outcome, Rule, Severity, guesses, observed, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-3.request-logged",
        title: "The service logs a whole request or record",
        severity: Severity::Medium,
        category: Category::Observability,
        meaning: "An argument of a logging call is a whole request body or a record of a person (`user`, `customer`, `payment`). In Go, a request with `%+v` counts too. The content of a message and the body of a failed response count with low confidence. Returned errors (`fmt.Errorf`) are not logs. Masking calls and single fields are excluded. A whole event or command counts in Java with low confidence. Low for the level debug, and for a body whose JSON schema has only numbers, Booleans and dates (TypeScript).",
        why: "Passwords, card numbers and addresses of users end up in logs, which more people read and which are kept longer.",
        fix: &[(
            "any",
            "Log identifiers and sizes. If you need the content, log an allowlist of fields.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = guesses(observed(service, Practice::BodyLogged));
    for outcome in &mut outcomes {
        if let Outcome::Breach(breach) = outcome
            && body_schema::is_plain(model, &breach.at)
        {
            breach.severity = Some(Severity::Low);
        }
    }
    or_passed(
        outcomes,
        service,
        &["Go", "JavaScript", "TypeScript", "Python", "Java"],
        "no logging call contains a whole request",
    )
}
