//! A query runs once for each element of a list.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, observed_in_repository, queries_per_row,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.query-per-row",
        title: "A query runs once for each element of a list",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "A loop over a list reads a store or calls a service in its first statements, itself or in a function that it calls. The finding has low confidence.",
        why: "The time of the request grows with the list. A page of 100 rows costs 101 round trips and as many uses of the pool.",
        fix: &[(
            "any",
            "Read all elements with one query (`WHERE id = ANY($1)`, `IN`, a join), or add a call that takes a list.",
        )],
        references: &["https://wiki.postgresql.org/wiki/Performance_Optimization"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::QueryPerRow,
            "lists are read with one query",
        );
        outcomes.extend(queries_per_row(model));
        outcomes
    }),
};
