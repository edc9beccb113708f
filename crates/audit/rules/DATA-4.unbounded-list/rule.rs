//! A query reads every row of a table.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, lists_without_limit, observed_by_file, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.unbounded-list",
        title: "A query reads every row of a table",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "A query without a condition and without a limit: `SELECT … FROM …`, `find({})`, `findMany()`, `objects.all()`, `db.Find(&rows)`. A handler that lists records counts too if no function on its path names a limit or a page. The rule reports one finding per file, with low confidence, because tables may be small.",
        why: "The table grows with the business. One request then takes all memory and blocks the database.",
        fix: &[(
            "any",
            "Add a limit and pages (`ORDER BY id LIMIT 100` with a keyset), also for internal callers.",
        )],
        references: &["https://use-the-index-luke.com/no-offset"],
    },
    check: Check::Service(|_, service| {
        let mut outcomes = observed_by_file(service, Practice::UnboundedList);
        outcomes.extend(lists_without_limit(service));
        or_passed(
            outcomes,
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java"],
            "each query has a condition or a limit",
        )
    }),
};
