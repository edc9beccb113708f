//! A schema that changes when a service starts.

use crate::model::facts::Migration;
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-2.migration-at-start",
        title: "The service changes the schema of its database when it starts",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "Deployed code calls a library that derives the schema from the code (`AutoMigrate`, ent `Schema.Create`, TypeORM `synchronize`, `sequelize.sync`, SQLAlchemy `create_all`), or runs versioned migrations (low, since they lock). Programs and functions named after migrations are left out.",
        why: "Two replicas change the schema at once; a rollback of the service does not roll the schema back; a column that was renamed is dropped with its data.",
        fix: &[(
            "any",
            "Write migrations down as versions, and run them as a step of their own before the service starts; check the version at start.",
        )],
        references: &["https://www.postgresql.org/docs/current/ddl-alter.html"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let outcomes = service
        .facts
        .of::<Migration>()
        .deployed()
        .map(|migration| {
            let breach = Breach::new(
                migration.at.clone(),
                Confidence::Medium,
                format!("{} runs inside the service", migration.library),
            );
            if migration.versioned {
                breach.severity(Severity::Low).into()
            } else {
                breach.into()
            }
        })
        .collect();
    or_passed(
        outcomes,
        service,
        &["Go", "JavaScript", "Python"],
        "no deployed code changes the schema",
    )
}
