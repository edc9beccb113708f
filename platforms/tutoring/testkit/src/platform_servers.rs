use std::{collections::BTreeMap, thread};

use seaworthy_testkit::{database::EmptyDatabase, redis::RedisServer, requirement::required};

use crate::SECRET;

/// The services, each with the prefix of its settings of stores and tokens.
pub const SERVICES: [(&str, &str); 12] = [
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
    (WITHOUT_DATABASE, ""),
];
const WITHOUT_DATABASE: &str = "gateway";
const WITHOUT_BROKER: &str = "admin";

/// The servers of a platform. Without them it runs on embedded engines. Drop this after the
/// platform has ended, because other tests then get the databases.
#[derive(Debug, Default)]
pub struct PlatformServers {
    databases: BTreeMap<&'static str, EmptyDatabase>,
    redis: Option<RedisServer>,
    /// The settings of the broker, below `broker.`.
    pub broker: Vec<String>,
}

impl PlatformServers {
    /// Starts PostgreSQL and Redis. Returns `None` if one of them is not installed.
    ///
    /// # Panics
    /// An installed server cannot be started.
    #[must_use]
    pub fn postgres_and_redis() -> Option<Self> {
        let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
        let with_database = SERVICES
            .iter()
            .filter(|(service, _)| *service != WITHOUT_DATABASE);
        let databases =
            with_database.map(|(service, _)| Some((*service, EmptyDatabase::postgres()?)));
        Some(Self {
            databases: databases.collect::<Option<_>>()?,
            redis: Some(RedisServer::start(redis).unwrap()),
            broker: Vec::new(),
        })
    }

    /// Returns the database of a service. `None` if it is embedded.
    #[must_use]
    pub fn database(&self, service: &str) -> Option<&EmptyDatabase> {
        self.databases.get(service)
    }

    /// Returns the Redis server of all services. `None` if they store its data in memory.
    #[must_use]
    pub fn redis(&self) -> Option<&RedisServer> {
        self.redis.as_ref()
    }

    /// Returns the settings of the platform, as `SERVICE.KEY=VALUE`.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let mut set = Vec::new();
        for (service, prefix) in SERVICES {
            let own = format!("{service}.{prefix}");
            set.push(format!("{own}access_tokens.secret={SECRET}"));
            if let Some(database) = self.database(service) {
                set.push(format!("{own}database.url={}", database.url()));
            }
            if let Some(redis) = &self.redis {
                set.push(format!("{own}redis.url={}", redis.url()));
                // A busy machine needs more than the default.
                set.push(format!("{own}redis.timeout=2s"));
            }
            if service != WITHOUT_BROKER {
                let broker = self.broker.iter();
                set.extend(broker.map(|setting| format!("{own}broker.{setting}")));
            }
        }
        set
    }
}

impl Drop for PlatformServers {
    fn drop(&mut self) {
        for database in std::mem::take(&mut self.databases).into_values() {
            if thread::panicking() {
                // The platform still runs. A second panic would end the test binary.
                let _ = database.remove();
            } else {
                let recycled = database.recycle();
                assert!(recycled.is_ok(), "{recycled:?}");
            }
        }
    }
}
