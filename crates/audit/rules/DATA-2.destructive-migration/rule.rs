//! A migration or a start deletes rows.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-2.destructive-migration",
        title: "A migration or a start deletes rows, or fails on existing ones",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "SQL: a file of migrations drops a table that it then creates, or a column that it then adds again, or adds a column that is `NOT NULL` without a default. Code: the connection drops the schema at the start (`dropSchema`, `drop_all`, `sync({ force: true })`, `.drop()` of a collection), or seeds delete all rows. The finding has low confidence. The rule reports one per file.",
        why: "A migration that runs against a database with rows deletes them. A required column without a default fails on every table that has rows.",
        fix: &[(
            "any",
            "Add the new column or table, copy the rows, and remove the old one in a later release.",
        )],
        references: &["https://www.postgresql.org/docs/current/ddl-alter.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::DestructiveMigration,
            "no migration and no start deletes rows",
        )
    }),
};
