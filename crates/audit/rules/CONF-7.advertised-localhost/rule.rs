//! The Kafka broker advertises localhost.

use crate::model::facts::ComposeService;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-7.advertised-localhost",
        title: "The Kafka broker advertises localhost",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "All advertised listeners of a Kafka broker are on localhost, and other containers run beside it. Development compose files and manifests are excluded. If the file builds no other container, the finding has low confidence.",
        why: "The broker returns the address `localhost`, so a client in another container connects to itself. Only the first connection works.",
        fix: &[(
            "any",
            "Advertise the host name that clients use, with one listener per network (`INTERNAL://kafka:29092,EXTERNAL://broker.example.org:9092`).",
        )],
        references: &["https://kafka.apache.org/documentation/#brokerconfigs_advertised.listeners"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let places = service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed())
        .map(|entry| (&entry.environment, &entry.at.path))
        .chain(service.workloads.iter().flat_map(|workload| {
            workload
                .containers
                .iter()
                .map(|container| (&container.environment, &workload.at.path))
        }));
    for (environment, path) in places {
        let Some(variable) = environment
            .iter()
            .find(|variable| variable.name.ends_with("ADVERTISED_LISTENERS"))
        else {
            continue;
        };
        let Some(at) = model.location(path, variable.span.clone(), Some(&variable.name)) else {
            continue;
        };
        let Resolution::Known(value) = &variable.value else {
            outcomes.push(Outcome::unknown("the advertised listeners are a setting"));
            continue;
        };
        let local =
            |listener: &str| listener.contains("://localhost") || listener.contains("://127.0.0.1");
        let alone = model.files.get(path).is_some_and(|found| {
            found
                .facts
                .of::<ComposeService>()
                .items
                .iter()
                .filter(|entry| entry.context.is_some())
                .count()
                == 0
        }) && service.workloads.is_empty();
        outcomes.push(if !value.split(',').all(local) {
            Outcome::passed(
                "a listener advertises a host name that other containers can reach",
                Some(&at),
            )
        } else if alone {
            Breach::review(
                at,
                "all advertised listeners are on localhost, so only clients on the host reach the broker",
            )
            .severity(Severity::Low)
            .into()
        } else {
            Breach::new(
                at,
                Confidence::High,
                "all advertised listeners are on localhost",
            )
            .into()
        });
    }
    outcomes
}
