//! A database stores its data in the container.

mod cache;

use crate::model::facts::ComposeService;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-6.ephemeral-database",
        title: "A database stores its data in the container",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A Kubernetes workload or a compose service runs a database without a persistent volume. Volumes for settings and for scripts of the first start hold no data. Development files and caches are excluded. A Redis whose configuration turns persistence off (`save \"\"`) is a cache. A broker of tasks in Redis counts with low confidence. In compose the finding is low, because the image creates an anonymous volume.",
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
            Resolution::Known(true)
                if matches!(store, "redis" | "valkey") && cache::is_cache(model, workload) =>
            {
                Outcome::passed(
                    format!("{store} is a cache without persistence"),
                    Some(&workload.at),
                )
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
            outcomes.extend(broker(model, entry));
            continue;
        };
        outcomes.push(
            if !entry
                .volumes
                .iter()
                .any(|(volume, _)| holds_data(volume) && is_in_data_folder(store, volume))
            {
                let place = entry.volumes.first().map(|(_, span)| span.clone());
                let evidence = match place {
                    Some(_) => format!("the volumes of `{}` hold no data of {store}", entry.name),
                    None => format!("`{}` runs {store} without a named volume", entry.name),
                };
                let at = place
                    .and_then(|span| model.location(&entry.at.path, span, Some(&entry.name)))
                    .unwrap_or_else(|| entry.at.clone());
                Breach::new(at, Confidence::Medium, evidence)
                    .severity(Severity::Low)
                    .into()
            } else {
                Outcome::passed(
                    format!("`{}` stores its data on a volume", entry.name),
                    Some(&entry.at),
                )
            },
        );
    }
    outcomes
}

/// Redis that carries the tasks of a queue (`CELERY_BROKER_URL=redis://redis:6379`) and has no
/// volume.
fn broker(model: &Model, entry: &Located<ComposeService>) -> Option<Outcome> {
    let image = entry.image.as_deref()?;
    let queues = [
        "rabbitmq", "kafka", "cp-kafka", "redpanda", "activemq", "minio",
    ];
    let name = image
        .rsplit('/')
        .next()
        .and_then(|last| last.split(['@', ':']).next());
    let queue = name.filter(|name| queues.contains(name));
    if let (Some(name), Some((_, span))) = (queue, entry.volumes.first())
        && !entry
            .volumes
            .iter()
            .any(|(volume, _)| is_in_data_folder(name, volume))
    {
        let evidence = format!("the volumes of `{}` hold no data of {name}", entry.name);
        let at = model.location(&entry.at.path, span.clone(), Some(&entry.name))?;
        return Some(Breach::review(at, evidence).severity(Severity::Low).into());
    }
    if queue.is_some() && entry.volumes.is_empty() {
        let evidence = format!(
            "`{}` has no volume, so a new container starts empty",
            entry.name
        );
        let breach = Breach::review(entry.at.clone(), evidence).severity(Severity::Low);
        return Some(breach.into());
    }
    let redis = ["redis", "valkey"].iter().any(|name| {
        image
            .rsplit('/')
            .next()
            .is_some_and(|last| last.split(':').next() == Some(name))
    });
    if !redis || entry.volumes.iter().any(|(volume, _)| holds_data(volume)) {
        return None;
    }
    let address = format!("redis://{}:", entry.name);
    let found = model.files.get(&entry.at.path)?;
    let services = found.facts.of::<ComposeService>();
    let queue = services.items.iter().any(|other| {
        other.environment.iter().any(|variable| {
            let name = variable.name.to_uppercase();
            (name.contains("BROKER") || name.contains("QUEUE") || name.contains("CELERY"))
                && variable
                    .value
                    .known()
                    .is_some_and(|value| value.starts_with(&address))
        })
    });
    queue.then(|| {
        Breach::review(
            entry.at.clone(),
            format!(
                "`{}` carries the tasks of a queue, and has no volume",
                entry.name
            ),
        )
        .into()
    })
}

/// Whether a volume may hold data, and not only settings or scripts for the first start.
fn holds_data(volume: &str) -> bool {
    let target = volume.split(':').nth(1).unwrap_or(volume);
    let settings = ["/etc/", "initdb.d", "/config", "localtime"]
        .iter()
        .any(|part| target.contains(part))
        || [".sql", ".sh", ".conf", ".cnf", ".js", ".yml", ".yaml"]
            .iter()
            .any(|end| target.ends_with(end));
    !settings
}

/// The data folders of official images.
const DATA_FOLDERS: &[(&str, &str)] = &[
    ("postgres", "/var/lib/postgresql"),
    ("mysql", "/var/lib/mysql"),
    ("mariadb", "/var/lib/mysql"),
    ("mongo", "/data"),
    ("rabbitmq", "/var/lib/rabbitmq"),
    ("elasticsearch", "/usr/share/elasticsearch"),
    ("minio", "/data"),
];

/// Whether a volume is below or above the data folder of a store. A path with a variable may be.
fn is_in_data_folder(store: &str, volume: &str) -> bool {
    let target = volume.split(':').nth(1).unwrap_or(volume);
    let below = |path: &str, folder: &str| {
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    target.contains(['$', '{'])
        || DATA_FOLDERS
            .iter()
            .find(|(name, _)| *name == store)
            .is_none_or(|(_, folder)| {
                let path = target.trim_end_matches('/');
                below(path, folder) || below(folder, path) || path.contains("bitnami")
            })
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
    if image.contains("mssql/server") {
        return Some("SQL Server");
    }
    let name = image
        .rsplit('/')
        .next()
        .unwrap_or(image)
        .split(['@', ':'])
        .next()
        .unwrap_or_default();
    STORES.iter().find(|store| **store == name).copied()
}
