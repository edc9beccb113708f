//! Logs contain addresses or numbers of persons.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-3.personal-data",
        title: "Logs contain e-mail addresses or telephone numbers",
        severity: Severity::Medium,
        category: Category::Observability,
        meaning: "An argument of a logging call is an e-mail address, a telephone number or a postal code (`recipient.getEmail()`), or in C# a whole message. The rule reports one finding per file. Low if all records have the level debug.",
        why: "Logs are read by more people and kept longer than the data itself, and deletion requests do not reach them.",
        fix: &[("any", "Log the identifier of the record.")],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PersonLogged,
            "no logging call contains an e-mail address or a telephone number",
        )
    }),
};
