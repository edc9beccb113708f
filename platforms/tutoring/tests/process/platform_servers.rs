use std::collections::BTreeMap;

use seaworthy_testkit::{database::EmptyDatabase, redis::RedisServer, requirement::required};
use tutoring_testkit::SECRET;

/// The services, and the prefix of their settings of stores and tokens.
pub(crate) const SERVICES: [(&str, &str); 12] = [
    ("student-auth", ""),
    ("trainer-auth", "identity."),
    ("admin", ""),
    ("student", "backend."),
    ("trainer", "backend."),
    ("chat", "backend."),
    ("analytics", ""),
    ("course", ""),
    ("booking", ""),
    ("notification", "backend."),
    ("payment", ""),
    (GATEWAY, ""),
];
const GATEWAY: &str = "gateway";
#[cfg(feature = "kafka")]
const WITHOUT_BROKER: [&str; 1] = ["admin"];

/// The servers of a platform. Without them it runs on embedded engines.
#[derive(Default)]
pub(crate) struct Servers {
    pub(crate) databases: BTreeMap<&'static str, EmptyDatabase>,
    pub(crate) redis: Option<RedisServer>,
    /// The settings of Kafka below `broker.`.
    pub(crate) kafka: Vec<String>,
}

impl Servers {
    /// PostgreSQL and Redis. `None` if one of them is not installed.
    pub(crate) fn postgres_and_redis() -> Option<Self> {
        let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
        let with_database = SERVICES.iter().filter(|(service, _)| *service != GATEWAY);
        let databases =
            with_database.map(|(service, _)| Some((*service, EmptyDatabase::postgres()?)));
        Some(Self {
            databases: databases.collect::<Option<_>>()?,
            redis: Some(RedisServer::start(redis).unwrap()),
            kafka: Vec::new(),
        })
    }

    pub(crate) fn settings(&self) -> Vec<String> {
        let mut set = Vec::new();
        for (service, prefix) in SERVICES {
            let own = format!("{service}.{prefix}");
            set.push(format!("{own}access_tokens.secret={SECRET}"));
            if let Some(database) = self.databases.get(service) {
                set.push(format!("{own}database.url={}", database.url()));
            }
            if let Some(redis) = &self.redis {
                set.push(format!("{own}redis.url={}", redis.url()));
                if service == "student" {
                    set.push(format!("student.cache.url={}", redis.url()));
                }
            }
            #[cfg(feature = "kafka")]
            if !WITHOUT_BROKER.contains(&service) {
                let broker = self.kafka.iter();
                set.extend(broker.map(|setting| format!("{own}broker.{setting}")));
            }
        }
        set
    }
}

#[cfg(feature = "kafka")]
pub(crate) static KAFKA: seaworthy_testkit::server::Shared<
    seaworthy_testkit::server::kafka::KafkaServer,
> = seaworthy_testkit::server::Shared::new("SEAWORTHY_TEST_KAFKA", |jars: std::path::PathBuf| {
    seaworthy_testkit::server::kafka::KafkaServer::start(jars)
});
