//! The service logs a credential.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-3.secret-logged",
        title: "The service logs a credential",
        severity: Severity::High,
        category: Category::Observability,
        meaning: "An argument of a logging call is named like a credential (`password`, `accessToken`, `apiKey`, `cvv`), or is all headers or `process.env`. Masking calls (`mask(password)`), parts (`password.length`) and words inside a literal text are excluded. The address of a store or a broker counts with low confidence, because it can contain a password.",
        why: "More people read logs, and logs are kept longer than database rows. A leaked log exposes every account in it.",
        fix: &[(
            "any",
            "Log an identifier instead. Use a credential type whose display masks the value, and add a redaction filter to the logger.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
        ],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::SecretLogged),
            service,
            &["Go", "JavaScript", "Python"],
            "no logging call contains a credential",
        )
    }),
};
