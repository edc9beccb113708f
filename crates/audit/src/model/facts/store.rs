//! Images of programs that store data for other programs.

use super::ComposeService;
use crate::model::FileFacts;

/// Parts of the names of images that store data, that show stored data, or that replace an external
/// service.
const STORES: &[&str] = &[
    "postgres",
    "postgis",
    "timescaledb",
    "pgvector",
    "mysql",
    "mariadb",
    "mongo",
    "redis",
    "valkey",
    "memcached",
    "rabbitmq",
    "kafka",
    "zookeeper",
    "etcd",
    "consul",
    "nats",
    "openldap",
    "elasticsearch",
    "opensearch",
    "minio",
    "clickhouse",
    "cassandra",
    "adminer",
    "pgadmin",
    "mailhog",
    "mailpit",
    "jaeger",
    "vault",
    "openbao",
];

/// Whether an image stores data for other programs, by the last part of its name.
#[must_use]
pub fn is_store_image(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    STORES.iter().any(|store| name.contains(store))
}

/// Whether a file is a compose file with stores alone: it starts what a developer's own program
/// talks to.
#[must_use]
pub fn runs_stores_only(found: &FileFacts) -> bool {
    let entries = found.facts.of::<ComposeService>();
    !entries.items.is_empty()
        && entries.items.iter().all(|entry| {
            match (&entry.context, entry.image.as_deref()) {
                (None, Some(image)) => is_store_image(image),
                // Built from a file of its own, it is called after the store that it sets up.
                (Some(_), _) => is_store_image(&entry.name),
                (None, None) => false,
            }
        })
}
