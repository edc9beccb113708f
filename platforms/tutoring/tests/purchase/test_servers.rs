use seaworthy::redis::RedisConfig;
use tutoring_contract::Role;
use tutoring_identity::{ActiveSessions, SessionRecord};
use tutoring_testkit::PlatformServers;
use uuid::Uuid;

use crate::{broker::Broker, tokens::SESSION};

/// The servers and the broker of a platform. By default it runs on embedded engines.
pub(crate) struct TestServers {
    pub(crate) platform: PlatformServers,
    pub(crate) broker: Broker,
}

impl Default for TestServers {
    fn default() -> Self {
        Self::new(PlatformServers::default(), Broker::File)
    }
}

impl TestServers {
    fn new(mut platform: PlatformServers, broker: Broker) -> Self {
        platform.broker = broker.settings();
        Self { platform, broker }
    }

    /// Starts PostgreSQL, and Redis with the login session of all tokens. `None` if one is not
    /// installed.
    pub(crate) async fn postgres_and_redis() -> Option<Self> {
        let servers = PlatformServers::postgres_and_redis()?;
        let config = RedisConfig {
            url: servers.redis()?.url().parse().unwrap(),
            ..RedisConfig::default()
        };
        let record = SessionRecord::from_request(SESSION, Uuid::nil(), Role::Student, 0);
        let sessions = ActiveSessions::new(Some(&config)).unwrap();
        sessions.put(&record).await.unwrap();
        Some(Self::new(servers, Broker::File))
    }

    /// Starts PostgreSQL, Redis and Kafka. `None` if one of them is not installed.
    #[cfg(feature = "kafka")]
    pub(crate) async fn with_kafka() -> Option<Self> {
        let servers = Self::postgres_and_redis().await?;
        Some(Self::new(servers.platform, Broker::kafka()?))
    }
}
