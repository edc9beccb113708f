//! An amount may be negative.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-3.negative-amount",
        title: "An amount may be negative",
        severity: Severity::Low,
        category: Category::Contracts,
        meaning: "The schema of a request contains an amount, a quantity or a price without a minimum: class-validator, Bean Validation, pydantic, Go validator tags, DataAnnotations, serde. The finding has low confidence, because later code may check the value. The rule reports one per file. An amount of a request that Go code stores without a comparison counts.",
        why: "A caller orders minus one piece and gets money, or transfers a negative amount out of another account.",
        fix: &[(
            "any",
            "Set a minimum in the schema, and read prices from the own database and not from the request.",
        )],
        references: &["https://owasp.org/www-project-top-ten/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::NumberRange, "amounts have a minimum")
    }),
};
