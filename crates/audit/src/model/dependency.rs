//! The databases, caches and brokers of a service, by the imports of its code.

use std::collections::BTreeMap;

use super::Service;
use super::facts::Import;
use crate::source::Location;

/// Parts of import paths, and the dependency they open.
const CLIENTS: &[(&str, &str)] = &[
    ("github.com/jackc/pgx", "postgres"),
    ("github.com/lib/pq", "postgres"),
    ("gorm.io/driver/postgres", "postgres"),
    ("gorm.io/driver/mysql", "mysql"),
    ("github.com/go-sql-driver/mysql", "mysql"),
    ("github.com/redis/go-redis", "redis"),
    ("github.com/go-redis/redis", "redis"),
    ("go.mongodb.org/mongo-driver", "mongo"),
    ("github.com/rabbitmq/amqp091-go", "rabbitmq"),
    ("github.com/streadway/amqp", "rabbitmq"),
    ("github.com/segmentio/kafka-go", "kafka"),
    ("github.com/IBM/sarama", "kafka"),
    ("psycopg", "postgres"),
    ("psycopg2", "postgres"),
    ("asyncpg", "postgres"),
    ("pymongo", "mongo"),
    ("motor", "mongo"),
    ("redis", "redis"),
    ("ioredis", "redis"),
    ("pg", "postgres"),
    ("mysql2", "mysql"),
    ("mongoose", "mongo"),
    ("mongodb", "mongo"),
    ("amqplib", "rabbitmq"),
    ("pika", "rabbitmq"),
    ("kafkajs", "kafka"),
    ("aiokafka", "kafka"),
    ("sqlx", "postgres"),
    ("tokio_postgres", "postgres"),
];

impl Service {
    /// Returns the stores and brokers whose clients the deployed code imports, with the first
    /// import.
    #[must_use]
    pub fn dependencies(&self) -> BTreeMap<&'static str, Location> {
        let mut found = BTreeMap::new();
        for import in self.facts.of::<Import>().deployed() {
            let client = CLIENTS.iter().find(|(path, _)| {
                import
                    .path
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', ':']))
            });
            if let Some((_, name)) = client {
                found.entry(*name).or_insert_with(|| import.at.clone());
            }
        }
        found
    }

    /// The names of the variables that its deployments give it, and whether the list is complete.
    #[must_use]
    pub fn variables(&self) -> (Vec<&super::facts::EnvironmentVariable>, bool) {
        let compose = self
            .compose
            .iter()
            .filter(|entry| entry.at.role.is_deployed());
        let containers = || {
            self.workloads
                .iter()
                .flat_map(|workload| &workload.containers)
        };
        let complete = compose.clone().all(|entry| entry.env_files.is_empty())
            && containers().all(|container| !container.more_environment);
        let list = compose
            .flat_map(|entry| &entry.environment)
            .chain(containers().flat_map(|container| &container.environment))
            .collect();
        (list, complete)
    }
}
