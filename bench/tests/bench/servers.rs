//! PostgreSQL, RabbitMQ and Redis, as City Events uses them in production.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use seaworthy_testkit::{
    postgres::PostgresServer, rabbitmq::RabbitmqServer, redis::RedisServer, requirement::required,
};

/// Each service with a database, and the name of that database.
const DATABASES: [(&str, &str); 7] = [
    ("auth", "auth"),
    ("event", "event"),
    ("join", "join"),
    ("feed", "feed"),
    ("email", "email"),
    ("media", "media"),
    ("media-worker", "media"),
];
/// The settings of Redis.
const REDIS: [&str; 4] = [
    "auth.rate_limit.redis.address",
    "bff.rate_limit.redis.address",
    "email.rate_limit.redis.address",
    "feed.tracking.redis.address",
];
/// All services share the server.
const POSTGRES: &[&str] = &["fsync=off", "max_connections=200"];

pub(crate) struct Servers {
    postgres: PostgresServer,
    rabbitmq: RabbitmqServer,
    redis: RedisServer,
    /// The URLs of the databases, by their name.
    urls: BTreeMap<&'static str, String>,
}

impl Servers {
    /// Starts the servers. Returns `None` if a variable with a binary is not set.
    pub(crate) fn start() -> Option<Self> {
        let postgres = required("SEAWORTHY_TEST_POSTGRES")?;
        let rabbitmq = required("SEAWORTHY_TEST_RABBITMQ")?;
        let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
        let postgres = PostgresServer::start_with(postgres, POSTGRES).unwrap();
        let names = BTreeSet::from(DATABASES.map(|(_, database)| database));
        let url = |name| (name, postgres.database(name).unwrap());
        let urls = names.into_iter().map(url).collect();
        Some(Self {
            urls,
            postgres,
            rabbitmq: RabbitmqServer::start(rabbitmq).unwrap(),
            redis: RedisServer::start(redis).unwrap(),
        })
    }

    /// Returns the URL of a database.
    pub(crate) fn url(&self, database: &str) -> &str {
        &self.urls[database]
    }

    /// Returns the settings with which the platform uses these servers.
    pub(crate) fn settings(&self) -> Vec<String> {
        let databases = DATABASES.into_iter().flat_map(|(service, database)| {
            [
                format!("{service}.database.url={}", self.url(database)),
                format!("{service}.broker.url={}", self.rabbitmq.url()),
            ]
        });
        let redis = REDIS.map(|key| format!("{key}={}", self.redis.url()));
        databases.chain(redis).collect()
    }

    /// Returns the commands that suspend and resume RabbitMQ, Redis and PostgreSQL.
    pub(crate) fn faults(&self) -> [[String; 2]; 3] {
        let ids = [self.rabbitmq.id(), self.redis.id(), self.postgres.id()];
        ids.map(|id| {
            let id = id.unwrap();
            // Each connection of PostgreSQL has its own process, which may end in the meantime.
            ["STOP", "CONT"].map(|signal| {
                format!("kill -{signal} {id}; kill -{signal} $(pgrep -P {id}) 2>/dev/null || true")
            })
        })
    }
}

/// Runs a command of a fault.
pub(crate) fn shell(command: &str) {
    let status = Command::new("sh").args(["-c", command]).status().unwrap();
    assert!(status.success(), "{command}");
}
