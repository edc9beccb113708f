//! The session ID does not change at login.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.session-fixation",
        title: "The session ID does not change at login",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A login stores the user in the session, and its file does not renew the identifier of the session. The finding has low confidence, because a library may renew it.",
        why: "An attacker who set the cookie of a victim shares the session after the login.",
        fix: &[(
            "any",
            "Renew the identifier at each login and change of rights: `req.session.regenerate(…)`, `changeSessionId()`.",
        )],
        references: &["https://owasp.org/www-community/attacks/Session_fixation"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SessionFixation,
            "sessions get a new identifier at the login",
        )
    }),
};
