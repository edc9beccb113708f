//! A column with the ID of another record has no index and no constraint.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.missing-index",
        title: "A column with the ID of another record has no index and no constraint",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "SQL: a table has a column such as `order_id`, and the file has neither a foreign key nor an index. The finding has low confidence, because another file may have both. The rule reports one per file.",
        why: "Each query by the column reads the whole table, and rows remain whose record was deleted.",
        fix: &[(
            "any",
            "Add an index on the column, and a foreign key if both tables belong to one service.",
        )],
        references: &["https://www.postgresql.org/docs/current/ddl-constraints.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::MissingIndex,
            "columns with the ID of another record have an index or a constraint",
        )
    }),
};
