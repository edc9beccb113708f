//! A credential is part of the address.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.token-in-query",
        title: "A credential is part of a URL",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Code reads an access token from the query of a request, or sends a password in it (`query.token`, `req.query.access_token`, `c.Query(\"token\")`). Files about links in mails are excluded. The finding has low confidence. The rule reports one per file.",
        why: "Proxies, browsers and access logs store URLs. A reader of the log can use the token.",
        fix: &[(
            "any",
            "Read the token from the `Authorization` header or from a cookie. For WebSockets, use a ticket that is valid once and for a minute.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::QueryToken, "URLs do not contain tokens")
    }),
};
