//! Events, disconnects and numbers of connections between the processes of a service, over a Redis
//! stream.
//!
//! Each process appends its entries to one bounded stream and reads those of the others. A process
//! that was disconnected for a short time reads the entries that it missed. If Redis has trimmed
//! them, its clients receive the event `resync`.

mod entry;
mod reader;
mod replicas;
#[cfg(test)]
mod tests;
mod writer;

use std::{sync::Arc, time::Duration};

use seaworthy_config::Settings;
use seaworthy_core::Timeout;
use seaworthy_redis::{Redis, RedisError};
use seaworthy_service::Assembly;
use tokio::sync::mpsc;

use crate::Hub;
use reader::Reader;
use replicas::{Outgoing, SharedReplicas};
use writer::Writer;

/// Maximum number of events that wait for Redis. Others reach only clients of this process.
const MAX_PENDING: usize = 1_024;
/// The timeout of a read, longer than the wait of Redis for entries.
const READ_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The delay after a failed call.
const BACKOFF: Duration = Duration::from_millis(250);

/// The stream of a service, and the process that uses it.
#[derive(Clone)]
struct Stream {
    hub: Hub,
    redis: Redis,
    key: Arc<str>,
    origin: Arc<str>,
    replicas: Arc<SharedReplicas>,
}

impl Hub {
    /// Connects all processes of a service that use the same Redis and the same `prefix` of keys.
    /// Then [`publish`](Self::publish), [`disconnect`](Self::disconnect) and
    /// `max_connections_per_user` act in all of them. Call it once.
    ///
    /// Clients of this process receive their events without Redis. While Redis is not available,
    /// the limit counts the connections of this process only.
    ///
    /// # Errors
    /// The settings of the connection are not valid.
    pub fn fan_out<C: Settings>(
        &self,
        service: &Assembly<C>,
        redis: &Redis,
        prefix: &str,
    ) -> Result<(), RedisError> {
        let (stream, events) = Stream::new(self, redis, prefix);
        let reader = stream.reader()?;
        let tasks = service.tasks();
        tasks.spawn_until_stop("publish live events", stream.writer(events).run());
        tasks.spawn_until_stop("read live events", reader.run());
        Ok(())
    }
}

impl Stream {
    fn new(hub: &Hub, redis: &Redis, prefix: &str) -> (Self, mpsc::Receiver<Outgoing>) {
        let (sender, events) = mpsc::channel(MAX_PENDING);
        let replicas = Arc::new(SharedReplicas::new(sender));
        hub.set_replicas(Arc::<SharedReplicas>::clone(&replicas));
        let stream = Self {
            hub: hub.clone(),
            redis: redis.clone(),
            key: format!("{prefix}realtime").into(),
            origin: format!("{:032x}", rand::random::<u128>()).into(),
            replicas,
        };
        (stream, events)
    }

    fn writer(self, events: mpsc::Receiver<Outgoing>) -> Writer {
        Writer {
            stream: self,
            events,
        }
    }

    /// Creates the reader, with a separate connection, because its calls block.
    fn reader(&self) -> Result<Reader, RedisError> {
        Ok(Reader(Self {
            redis: self.redis.with_timeout(READ_TIMEOUT)?,
            ..self.clone()
        }))
    }
}
