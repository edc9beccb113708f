//! A database stores its data in the container.

use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-6.ephemeral-database",
        title: "A database stores its data in the container",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A Kubernetes workload or a compose service runs a database without a persistent volume. Development files and caches are excluded. In compose the finding is low, because the image creates an anonymous volume.",
        why: "The next deployment, or the loss of a node, deletes the data.",
        fix: &[(
            "any",
            "Mount a volume at the data directory (`volumeClaimTemplates`, a named volume). Schedule backups, and test restoring them.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
            "https://docs.docker.com/engine/storage/volumes/",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    // A job with the image of a database runs its client.
    for workload in service
        .workloads
        .iter()
        .filter(|workload| !matches!(workload.kind.as_str(), "Job" | "CronJob"))
    {
        let Some(store) = workload
            .containers
            .iter()
            .filter_map(|container| container.image.known())
            .find_map(|image| store(image))
        else {
            continue;
        };
        outcomes.push(match &workload.ephemeral {
            Resolution::Known(true)
                if matches!(store, "redis" | "valkey") && workload.scratch.is_empty() =>
            {
                continue;
            }
            Resolution::Known(true) => Breach::new(
                workload.at.clone(),
                Confidence::High,
                format!("{store} runs here, and the pod has no persistent volume"),
            )
            .related(
                workload
                    .scratch
                    .iter()
                    .filter_map(|span| model.location(&workload.at.path, span.clone(), None)),
            )
            .into(),
            Resolution::Unknown(reason) => Outcome::unknown(reason.clone()),
            _ => Outcome::passed(
                format!("{store} stores its data on a volume"),
                Some(&workload.at),
            ),
        });
    }
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed() && entry.profiles.is_empty())
    {
        // In a compose file Redis is most often a cache.
        let Some(store) = entry
            .image
            .as_deref()
            .and_then(store)
            .filter(|store| !matches!(*store, "redis" | "valkey"))
        else {
            continue;
        };
        outcomes.push(if entry.volumes.is_empty() {
            Breach::new(
                entry.at.clone(),
                Confidence::Medium,
                format!("`{}` runs {store} without a named volume", entry.name),
            )
            .severity(Severity::Low)
            .into()
        } else {
            Outcome::passed(
                format!("`{}` stores its data on a volume", entry.name),
                Some(&entry.at),
            )
        });
    }
    outcomes
}

/// Programs whose data is meant to last.
const STORES: &[&str] = &[
    "postgres",
    "postgresql",
    "postgis",
    "timescaledb",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "cassandra",
    "clickhouse-server",
    "neo4j",
    "couchdb",
    "elasticsearch",
    "opensearch",
    "cockroach",
    "redis",
    "valkey",
];

fn store(image: &str) -> Option<&'static str> {
    let name = image
        .rsplit('/')
        .next()
        .unwrap_or(image)
        .split(['@', ':'])
        .next()
        .unwrap_or_default();
    STORES.iter().find(|store| **store == name).copied()
}
