//! Caller input becomes a command, a URL or a pattern.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-3.unsafe-input",
        title: "Caller input becomes a command, a URL or a pattern",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Go, JavaScript and Python: a value becomes part of a shell command. Or a request parameter becomes the target of a redirect, the URL of an outgoing request, or a regular expression. The finding has low confidence. Text in the HTML of a mail, a callback address of the caller, and an ID in the path of a call (Java) count too.",
        why: "A caller runs commands, reaches internal addresses, sends users to other sites, or blocks the process with one expression.",
        fix: &[(
            "any",
            "Pass arguments as a list without a shell. Compare targets and URLs with a list, and escape text before it becomes a pattern.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Injection_Prevention_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::UnsafeInput,
            "text of callers does not become a command, URL or pattern",
        )
    }),
};
