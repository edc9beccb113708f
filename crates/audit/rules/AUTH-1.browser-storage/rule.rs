//! A page stores tokens where every script reads them.

mod uncalled;

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Confidence, Metadata, Outcome, Rule, Severity, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.browser-storage",
        title: "A page stores tokens where every script reads them",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Code of a page puts a token into `localStorage` or `sessionStorage`. Low confidence in a helper that no code calls.",
        why: "One injected script, also of a dependency, sends the token to an attacker.",
        fix: &[(
            "any",
            "Keep the session in a cookie with `HttpOnly`, `Secure` and `SameSite`.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/HTML5_Security_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::BrowserToken,
            "no page stores tokens in the storage of the browser",
        )
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Breach(mut breach)
                if breach.related.is_empty()
                    && uncalled::is_in_uncalled_helper(model, &breach.at) =>
            {
                breach.confidence = Confidence::Low;
                Outcome::Breach(breach)
            }
            other => other,
        })
        .collect()
    }),
};
