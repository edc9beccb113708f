//! An SQL statement contains text from the request.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.sql-from-request",
        title: "An SQL statement contains text from the request",
        severity: Severity::Critical,
        category: Category::Data,
        meaning: "A statement is concatenated or formatted with a request value (`c.Query`, `req.query`, `request.args`), directly or through one variable. The function does not check the value against a list. The rule does not follow longer data flows.",
        why: "Attackers can read, change or delete the data in the database (SQL injection).",
        fix: &[(
            "any",
            "Pass values as parameters. Select column names and sort directions from an allow list.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::SqlText)),
};
