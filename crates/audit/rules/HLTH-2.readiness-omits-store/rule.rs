//! The readiness route checks one database and omits another.

use crate::model::facts::HealthHandler;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.readiness-omits-store",
        title: "The readiness route checks one database and omits another",
        severity: Severity::Low,
        category: Category::Health,
        meaning: "The readiness handler checks at least one store by name. The code imports a client of another database that the handler does not check. Brokers and caches are excluded, because a service can be ready without them.",
        why: "The pod receives traffic although every request that needs the other database fails.",
        fix: &[(
            "any",
            "Check each required store, with a cached result and a timeout.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Words in calls that name the checked store.
const NAMES: &[(&str, &[&str])] = &[
    (
        "postgres",
        &["pg", "postgres", "db", "sql", "pool", "prisma", "sequelize"],
    ),
    ("mysql", &["mysql", "db", "sql", "pool"]),
    ("mongo", &["mongo"]),
];

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let dependencies = service.dependencies();
    let mut outcomes = Vec::new();
    for handler in service
        .facts
        .of::<HealthHandler>()
        .deployed()
        .filter(|handler| handler.is_readiness() && !handler.constant)
    {
        let is_checked = |words: &[&str]| {
            handler
                .calls
                .iter()
                .any(|call| words.iter().any(|word| call.contains(word)))
        };
        let known: Vec<_> = NAMES
            .iter()
            .filter(|(store, _)| dependencies.contains_key(store))
            .collect();
        let checked = known.iter().filter(|(_, words)| is_checked(words)).count()
            + usize::from(is_checked(&["redis"]));
        let missing = known.iter().find(|(_, words)| !is_checked(words));
        outcomes.push(match missing {
            // A call like `health.check()` may check everything.
            _ if checked == 0 => {
                Outcome::unknown(format!("the checks of `{}` are unknown", handler.path))
            }
            Some((store, _)) => Breach::new(
                handler.at.clone(),
                Confidence::Medium,
                format!(
                    "`{}` checks one store and omits {store}, which the code uses",
                    handler.path
                ),
            )
            .into(),
            None => Outcome::passed(
                format!("`{}` checks every database", handler.path),
                Some(&handler.at),
            ),
        });
    }
    outcomes
}
