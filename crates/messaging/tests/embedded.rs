//! The broker inside the process keeps what the others keep.
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{num::NonZeroU32, sync::Arc};

use futures::future::BoxFuture;
use seaworthy_core::Timeout;
use seaworthy_messaging::{
    BrokerUrl, EmbeddedConfig, MemoryBroker, MessagingConfig, SqliteBroker,
    conformance::{FaultyBroker, Harness},
    transport::Transport,
};
use tempfile::TempDir;

/// A backlog that fills up within most batches, and has room again a moment later.
const SMALL_BACKLOG: NonZeroU32 = NonZeroU32::new(8).unwrap();

struct InMemory(MemoryBroker);

impl Harness for InMemory {
    fn config(&self) -> MessagingConfig {
        MessagingConfig::at(BrokerUrl::memory())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        let broker: Arc<dyn Transport> = Arc::new(self.0.share());
        Box::pin(std::future::ready(broker))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let config = EmbeddedConfig {
            max_backlog: SMALL_BACKLOG,
            ..EmbeddedConfig::default()
        };
        let broker = MemoryBroker::new(&config);
        Box::pin(std::future::ready(FaultyBroker {
            faulty: Arc::new(broker.share()),
            sound: Arc::new(broker),
            disturb: Box::new(|_| {}),
        }))
    }
}

/// A file, which every connection opens anew, as processes of their own do.
struct InFile(TempDir);

impl Harness for InFile {
    fn config(&self) -> MessagingConfig {
        let file = self.0.path().join("folder/broker.db");
        let mut config = MessagingConfig::at(BrokerUrl::of_file(&file.display().to_string()));
        // Members that die in a test give their messages back soon.
        config.embedded.lease = Timeout::from_secs(2);
        config
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(async {
            let broker: Arc<dyn Transport> =
                Arc::new(SqliteBroker::open(&self.config()).await.unwrap());
            broker
        })
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let mut config = self.config();
        config.embedded.max_backlog = SMALL_BACKLOG;
        Box::pin(async move {
            FaultyBroker {
                faulty: Arc::new(SqliteBroker::open(&config).await.unwrap()),
                sound: Arc::new(SqliteBroker::open(&config).await.unwrap()),
                disturb: Box::new(|_| {}),
            }
        })
    }
}

mod memory {
    use super::*;

    fn harness() -> Option<InMemory> {
        Some(InMemory(MemoryBroker::new(&EmbeddedConfig::default())))
    }

    seaworthy_messaging::conformance!(harness());
}

mod sqlite {
    use super::*;

    fn harness() -> Option<InFile> {
        Some(InFile(TempDir::new().unwrap()))
    }

    seaworthy_messaging::conformance!(harness());
}
