//! A look-up rejects duplicates instead of the database.

mod unique_columns;

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, lookups_before_inserts, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-3.lookup-before-insert",
        title: "A look-up rejects duplicates instead of the database",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A function looks a record up, rejects it if it exists, and then inserts it, itself or in a function that it calls. Files that handle the violation of a unique index are excluded. The finding has low confidence, because an index may exist elsewhere. A column of an e-mail address or a user name without a unique constraint counts too. So does a column that identifies a record (`orderNumber`, `sku`), by which code finds one record (Java, Kotlin, TypeScript, Python). The rule reports one per file.",
        why: "Two requests at the same time both pass the check, and one replaces the other or both exist.",
        fix: &[(
            "any",
            "Add a unique index, and return 409 when the insert violates it.",
        )],
        references: &["https://owasp.org/www-community/vulnerabilities/Race_condition"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::LookupBeforeInsert,
            "no look-up decides alone about an insert",
        );
        outcomes.extend(lookups_before_inserts(model));
        let services = model.services.iter().chain([&model.unowned]);
        outcomes.extend(services.flat_map(|service| unique_columns::check(model, service)));
        outcomes
    }),
};
