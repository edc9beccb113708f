//! The health route does not depend on the state of the dependencies.

use crate::model::facts::HealthHandler;
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, texts_contain,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.health-always-succeeds",
        title: "The health route does not depend on the state of the dependencies",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "A health handler reports the state of a dependency in its response, always with status 200. Or the only health route of a service with a database or broker is constant (low confidence). Routes for liveness are excluded. A ping counts if it is the only health route.",
        why: "Orchestrators read the status alone. They send traffic to an instance that cannot reach its database.",
        fix: &[(
            "any",
            "Return 503 on the readiness route while a required dependency is unavailable, and keep a constant route for liveness.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Words of texts that show a store.
const STORES: &[&str] = &[
    "postgres",
    "mysql",
    "mariadb",
    "mongodb",
    "mongo.",
    "redis",
    "sqlite",
    "gorm",
    "kafka",
    "rabbitmq",
    "amqp",
    "sqlalchemy",
    "hibernate",
    "sqlx",
    "diesel",
    "prisma",
    "typeorm",
    "sequelize",
    "elasticsearch",
    "database",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let handlers = service.facts.of::<HealthHandler>();
    let readiness = handlers.deployed().any(|handler| handler.is_readiness());
    let dependencies = service.dependencies();
    let mut outcomes = Vec::new();
    for handler in handlers.deployed() {
        // A ping is for liveness if another route exists.
        let about_life = handler.path.contains("live")
            || handler.path.contains("ping") && handlers.deployed().count() > 1;
        if handler.reports_state {
            outcomes.push(
                Breach::new(
                    handler.at.clone(),
                    Confidence::Medium,
                    format!("`{}` reports a state, always with status 200", handler.path),
                )
                .into(),
            );
        } else if !handler.constant
            || dependencies.is_empty() && !texts_contain(model, service, STORES)
        {
            outcomes.push(Outcome::passed(
                format!("`{}` has a condition, or nothing to check", handler.path),
                Some(&handler.at),
            ));
        } else if !readiness && !about_life {
            let needed = match dependencies.keys().copied().collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "a database or broker".to_owned(),
                names => names,
            };
            outcomes.push(
                Breach::new(
                    handler.at.clone(),
                    Confidence::Low,
                    format!(
                        "`{}` is the only health route and constant, and the service uses {needed}",
                        handler.path
                    ),
                )
                .severity(Severity::Low)
                .into(),
            );
        }
    }
    outcomes
}
