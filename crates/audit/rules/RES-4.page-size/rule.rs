//! A caller chooses the size of a page without a maximum.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-4.page-size",
        title: "A caller chooses the size of a page without a maximum",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "A query takes its limit from a parameter (`.limit(limit)`, `in.PageSize`, `LimitOffsetPagination` without `max_limit`), and the file sets no maximum. A query with a limit and an offset and without an order counts too. The finding has low confidence. The rule reports one per file.",
        why: "One request for a million rows takes all memory and blocks the database.",
        fix: &[(
            "any",
            "Take the smaller of the parameter and a constant, or reject larger values.",
        )],
        references: &[
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PageSize,
            "no query takes its limit from a caller",
        )
    }),
};
