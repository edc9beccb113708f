//! A caller sets every field of a record.

mod fields;

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.mass-assignment",
        title: "A caller sets every field of a record",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A record is created or changed with all fields of a body (`update(**kwargs)`, `Object.assign(user, req.body)`, `$request->all()`). Files with a schema are excluded in JavaScript. The finding has low confidence. The rule reports one per file. A privileged value from a request (`isValid`, `role`) counts in Java. So does the price or amount of a new order that comes from the request. A field of the type of a request (`price` of an order, `role` of a registration) counts in all languages, unless code of the service reads the price of a product.",
        why: "Callers set fields that no form shows: roles, owners, prices and dates.",
        fix: &[(
            "any",
            "Name the fields that a caller may set, and ignore or reject all others.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Mass_Assignment_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::MassAssignment,
            "records get named fields only",
        );
        outcomes.extend(fields::chosen_values(model));
        outcomes
    }),
};
