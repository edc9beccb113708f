//! Readiness that forgets one of two stores.

use crate::model::facts::HealthHandler;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.readiness-omits-store",
        title: "Readiness asks one dependency and forgets another",
        severity: Severity::Low,
        category: Category::Health,
        meaning: "The handler of a readiness path asks at least one store by a name that tells which, and the code imports a client of another database that the handler does not name. Brokers and caches are left out: a service may well be ready without them.",
        why: "The pod keeps its traffic while every request that needs the other store fails.",
        fix: &[(
            "any",
            "Check each store that no request can do without, cached and time-boxed.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Words in calls that tell which store is asked.
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
        let asks = |words: &[&str]| {
            handler
                .calls
                .iter()
                .any(|call| words.iter().any(|word| call.contains(word)))
        };
        let known: Vec<_> = NAMES
            .iter()
            .filter(|(store, _)| dependencies.contains_key(store))
            .collect();
        let asked =
            known.iter().filter(|(_, words)| asks(words)).count() + usize::from(asks(&["redis"]));
        let forgotten = known.iter().find(|(_, words)| !asks(words));
        outcomes.push(match forgotten {
            // A call like `health.check()` may ask everything.
            _ if asked == 0 => {
                Outcome::unknown(format!("what `{}` asks could not be told", handler.path))
            }
            Some((store, _)) => Breach::new(
                handler.at.clone(),
                Confidence::Medium,
                format!(
                    "`{}` asks a store, and not {store}, which the code uses",
                    handler.path
                ),
            )
            .into(),
            None => Outcome::passed(
                format!("`{}` asks every database", handler.path),
                Some(&handler.at),
            ),
        });
    }
    outcomes
}
