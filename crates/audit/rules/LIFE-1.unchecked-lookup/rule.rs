//! The result of a look-up is used without a check.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, observed_in_repository, unchecked_lookups,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-1.unchecked-lookup",
        title: "The result of a look-up is used without a check",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "A look-up that may find nothing (`first()`, `FirstOrDefaultAsync`, `findOne`) is followed by a member access on its result without a check. A function of the service that returns the result of such a look-up counts too, and so does a query method of a Spring repository that returns no `Optional`. In Go, a result is used after its error was only logged. A function of Go that returns neither a record nor an error (`nil, nil`) is such a look-up. The finding has low confidence. The rule reports one per file. In Go, a nested message that is read without a check counts, and so does `append` to a slice with empty elements.",
        why: "An unknown identifier becomes an exception and status 500, not 404.",
        fix: &[(
            "any",
            "Return 404 if nothing was found, or use a look-up that raises the right error (`first_or_404`).",
        )],
        references: &["https://cwe.mitre.org/data/definitions/476.html"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::UncheckedLookup,
            "each result of a look-up is checked",
        );
        outcomes.extend(unchecked_lookups(model));
        outcomes
    }),
};
