use std::sync::Arc;

use seaworthy_core::ServiceIdentity;

use crate::{
    Engine, MemoryBroker, MessagingConfig, MessagingError, SqliteBroker,
    transport::{Transport, TransportError},
};

/// Opens the engine of a broker URL.
pub(crate) struct EngineFactory {
    config: MessagingConfig,
    /// The name of the client at the broker.
    client: String,
}

impl EngineFactory {
    /// Checks the settings without the broker.
    pub(crate) fn new(
        config: &MessagingConfig,
        identity: &ServiceIdentity,
    ) -> Result<Self, MessagingError> {
        let engine = config.url.engine();
        if !is_built_in(engine) {
            return Err(MessagingError::NotBuiltIn {
                scheme: config.url.scheme(),
            });
        }
        Ok(Self {
            config: config.clone(),
            client: format!("{}/{}", identity.name(), identity.version()),
        })
    }

    /// Makes one attempt to connect.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Transport>, TransportError> {
        let config = &self.config;
        match config.url.engine() {
            Engine::Memory => Ok(Arc::new(MemoryBroker::new(&config.embedded))),
            Engine::Sqlite => Ok(Arc::new(SqliteBroker::open(config).await?)),
            #[cfg(feature = "kafka")]
            Engine::Kafka => Ok(Arc::new(
                crate::kafka::KafkaBroker::open(config, &self.client).await?,
            )),
            #[cfg(feature = "nats")]
            Engine::Nats => Ok(Arc::new(
                crate::nats::NatsBroker::open(config, &self.client).await?,
            )),
            #[cfg(feature = "rabbitmq")]
            Engine::Rabbitmq => Ok(Arc::new(
                crate::rabbitmq::RabbitmqBroker::open(config, &self.client).await?,
            )),
            #[cfg(feature = "redis")]
            Engine::Redis => Ok(Arc::new(crate::redis::RedisBroker::open(config).await?)),
            #[cfg(feature = "dapr")]
            Engine::Dapr => Ok(Arc::new(crate::dapr::DaprBroker::open(config).await?)),
            #[cfg(not(all(
                feature = "dapr",
                feature = "kafka",
                feature = "nats",
                feature = "rabbitmq",
                feature = "redis"
            )))]
            other => Err(TransportError::rejected(format!(
                "{} is built without the engine {other:?}: enable the cargo feature of the engine",
                self.client
            ))),
        }
    }
}

fn is_built_in(engine: Engine) -> bool {
    match engine {
        Engine::Memory | Engine::Sqlite => true,
        Engine::Rabbitmq => cfg!(feature = "rabbitmq"),
        Engine::Redis => cfg!(feature = "redis"),
        Engine::Nats => cfg!(feature = "nats"),
        Engine::Kafka => cfg!(feature = "kafka"),
        Engine::Dapr => cfg!(feature = "dapr"),
    }
}
