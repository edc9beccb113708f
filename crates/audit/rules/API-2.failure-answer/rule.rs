//! A failure returns the wrong status or no response.

mod handlers;

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, changes_of_unknown_records, hidden_failures,
    observed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-2.failure-answer",
        title: "A failure returns the wrong status or no response",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "Express: an error handler responds to some errors only and does not call `next`. Java: a servlet filter rejects a caller with a general exception, which becomes status 500. Low confidence: a status that hides failures of the store, a failure that is returned as null (Java), and an outage or every status of another service that is returned as a missing record or a wrong password. Go, JavaScript, TypeScript, Python: a response that blames the caller for each failure of a called function that reaches a database or another service. Java, Kotlin, Go, JavaScript, TypeScript: the text of a failure selects the response. Go: a handler that goes on after the response to a failure. A handler that changes a record by its ID, while no function on its path notices that the record does not exist. A call of another service whose outage becomes a general exception. A look-up of Go that loses the cause `ErrNoRows`. Spring: an exception about a mistake of the caller that no code maps to a status. Nest, Spring: a handler of all failures that does not distinguish the failures of clients of other services.",
        why: "Clients wait until their timeout, or retry a request that can never succeed. Alerts count rejected callers as failures of the service.",
        fix: &[
            (
                "JavaScript",
                "End each error handler with `next(err)` or a response.",
            ),
            (
                "Java",
                "`response.sendError(HttpServletResponse.SC_UNAUTHORIZED)`, then return.",
            ),
            ("any", "Respond to each failure with its status."),
        ],
        references: &["https://expressjs.com/en/guide/error-handling.html"],
    },
    check: Check::Service(|model, service| {
        let mut outcomes = observed(service, Practice::ErrorResponse);
        outcomes.extend(hidden_failures(service));
        outcomes.extend(changes_of_unknown_records(service));
        outcomes.extend(handlers::check(model, service));
        outcomes
    }),
};
