//! Text of a caller inside a statement.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.sql-from-request",
        title: "Text from the request becomes part of an SQL statement",
        severity: Severity::Critical,
        category: Category::Data,
        meaning: "A statement is joined or formatted from an accessor of the request (`c.Query`, `req.query`, `request.args`), directly or through one name, and the function does not check it against a list. Deeper flows are the work of a taint analyser.",
        why: "The caller reads, changes or drops what is in the database.",
        fix: &[(
            "any",
            "Pass values as parameters; choose names of columns and directions from a list of allowed ones.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::SqlText)),
};
