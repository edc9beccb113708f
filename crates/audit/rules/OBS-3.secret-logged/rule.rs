//! A password in the logs.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-3.secret-logged",
        title: "A credential is written to the log",
        severity: Severity::High,
        category: Category::Observability,
        meaning: "A name that can only be a credential (`password`, `accessToken`, `apiKey`, `cvv`, the whole of the headers or of `process.env`) is an argument of a logging call, directly, in a template, or as a field. A call around it (`mask(password)`), a part of it (`password.length`) and the word inside a text are left out.",
        why: "Logs are read by more people and kept longer than the database; a leak of them is a leak of every account.",
        fix: &[(
            "any",
            "Log an identifier instead; give the type of the credential a display that masks itself; add a filter to the logger.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
        ],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Topic::SecretLogged),
            service,
            &["Go", "JavaScript", "Python"],
            "no logging call names a credential",
        )
    }),
};
