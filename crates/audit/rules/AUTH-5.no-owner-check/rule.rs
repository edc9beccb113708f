//! A handler changes a record without a check of the caller.

use crate::model::Model;
use crate::model::facts::Practice;
use crate::repository::Role;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, observed_in_repository, records_of_others,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.no-owner-check",
        title: "A handler changes a record without a check of the caller",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A route with an identifier in its path changes or deletes that record. Neither the handler nor its options mention a user, a role or an owner. Express, Fastify and views of Django REST framework are read. A gRPC server without an interceptor for callers and an ASP.NET controller without any authentication count as well. The finding has low confidence. The rule reports one per file. Go-zero logic that changes a record by its ID alone counts. A handler that takes the ID of a record of a person (an order, a payment) and names no caller counts too. A guard that only authenticates does not name a caller. Neither does an identifier of a person in the route. A handler of Spring that lists all such records counts too. HTTP and gRPC handlers count too if neither they nor the functions that they call use the identity of the caller. The report lists the routes of these handlers. So does a handler that adds a product or a role for every caller. The rule reads this in Go, TypeScript, JavaScript, Python, Java and Kotlin.",
        why: "Every signed-in user changes the records of all others.",
        fix: &[(
            "any",
            "Look the record up by its identifier and by the caller, or check a permission for it.",
        )],
        references: &[
            "https://owasp.org/API-Security/editions/2023/en/0xa1-broken-object-level-authorization/",
        ],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::Ownership,
            "handlers that change records check the caller",
        );
        let has_identities = callers_have_identities(model);
        if has_identities {
            outcomes.extend(observed_in_repository(
                model,
                Practice::OwnRecord,
                "handlers that take an ID check the caller",
            ));
        }
        outcomes.extend(records_of_others(model, has_identities));
        outcomes
    }),
};

/// Words of code that authenticates callers, in lower case.
const IDENTITIES: &[&str] = &[
    "jwt",
    "bearer",
    "authenticat",
    "authoriz",
    "passport",
    "oauth",
    "session",
    "useguards",
];

/// Returns whether the code authenticates callers. Another rule reports services that do not.
fn callers_have_identities(model: &Model) -> bool {
    model
        .files
        .values()
        .filter(|found| found.file.role == Role::Production && found.file.language.is_code())
        .any(|found| {
            let text = found.file.text.to_lowercase();
            IDENTITIES.iter().any(|word| text.contains(word))
        })
}
