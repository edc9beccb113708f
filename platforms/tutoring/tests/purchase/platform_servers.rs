use std::collections::BTreeMap;

use seaworthy::redis::RedisConfig;
use seaworthy_testkit::{database::EmptyDatabase, redis::RedisServer, requirement::required};
use tutoring_contract::Role;
use tutoring_identity::{LiveSessions, SessionRecord};
use uuid::Uuid;

use crate::{broker::Broker, tokens::SESSION};

/// The services, and the prefix of their settings of stores and tokens.
pub(crate) const SERVICES: [(&str, &str); 11] = [
    ("student-auth", ""),
    ("trainer-auth", "identity."),
    ("admin", ""),
    ("student", "backend."),
    ("trainer", "backend."),
    ("chat", "backend."),
    ("course", ""),
    ("booking", ""),
    ("notification", "backend."),
    ("payment", ""),
    ("gateway", ""),
];

const WITHOUT_BROKER: [&str; 1] = ["admin"];
const WITHOUT_DATABASE: [&str; 1] = ["gateway"];

/// The servers of a platform. Without them it runs on embedded engines.
#[derive(Default)]
pub(crate) struct Servers {
    pub(crate) databases: BTreeMap<&'static str, EmptyDatabase>,
    redis: Option<RedisServer>,
    pub(crate) broker: Broker,
}

impl Servers {
    /// PostgreSQL and Redis with the login session of all tokens. `None` if one of them is not
    /// installed.
    pub(crate) async fn postgres_and_redis() -> Option<Self> {
        let redis = RedisServer::start(required("SEAWORTHY_TEST_REDIS_SERVER")?).unwrap();
        let config = RedisConfig {
            url: redis.url().parse().unwrap(),
            ..RedisConfig::default()
        };
        let record = SessionRecord::from_request(SESSION, Uuid::nil(), Role::Student, 0);
        let sessions = LiveSessions::new(Some(&config)).unwrap();
        sessions.put(&record).await.unwrap();
        let with_database = SERVICES
            .iter()
            .filter(|(service, _)| !WITHOUT_DATABASE.contains(service));
        let databases =
            with_database.map(|(service, _)| Some((*service, EmptyDatabase::postgres()?)));
        Some(Self {
            databases: databases.collect::<Option<_>>()?,
            redis: Some(redis),
            broker: Broker::File,
        })
    }

    /// PostgreSQL, Redis and Kafka. `None` if one of them is not installed.
    #[cfg(feature = "kafka")]
    pub(crate) async fn with_kafka() -> Option<Self> {
        let servers = Self::postgres_and_redis().await?;
        Some(Self {
            broker: Broker::kafka()?,
            ..servers
        })
    }

    pub(crate) fn settings(&self) -> Vec<String> {
        let mut set = Vec::new();
        for (service, prefix) in SERVICES {
            let own = format!("{service}.{prefix}");
            if let Some(database) = self.databases.get(service) {
                set.push(format!("{own}database.url={}", database.url()));
            }
            if let Some(redis) = &self.redis {
                set.push(format!("{own}redis.url={}", redis.url()));
            }
            if !WITHOUT_BROKER.contains(&service) {
                let broker = self.broker.settings().into_iter();
                set.extend(broker.map(|setting| format!("{own}broker.{setting}")));
            }
        }
        set
    }
}
