//! The service changes the database schema at startup.

use crate::model::facts::Migration;
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-2.migration-at-start",
        title: "The service changes the database schema at startup",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "Deployed code derives the schema from the code (`AutoMigrate`, ent `Schema.Create`, TypeORM `synchronize`, `sequelize.sync`, SQLAlchemy `create_all`). Versioned migrations at startup are low, because they take a lock. Programs and functions that are named after migrations are excluded. The variable `SPRING_JPA_HIBERNATE_DDL_AUTO` counts too. Spring: a setting that enables Flyway or Liquibase counts too.",
        why: "Two replicas change the schema at the same time. A rollback of the service does not roll back the schema, and a renamed column is dropped with its data.",
        fix: &[(
            "any",
            "Write versioned migrations, and run them in a separate step before the deployment. Check the schema version at startup.",
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
            let evidence = format!("{} runs inside the service", migration.library);
            // A library without a service may belong to a program for migrations.
            let breach = if service.root.is_some() {
                Breach::new(migration.at.clone(), Confidence::Medium, evidence)
            } else {
                Breach::review(migration.at.clone(), evidence)
            };
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
