use std::{collections::HashMap, num::NonZeroU32, sync::Arc};

use seaworthy_core::error_chain;
use seaworthy_redis::{RedisError, redis::cmd};
use tokio::{
    sync::mpsc,
    time::{interval, sleep},
};

use super::{
    BACKOFF, Stream,
    entry::Entry,
    replicas::{Changes, Outgoing, TTL},
};

/// Maximum length of the stream: several seconds under load, in about 10 MB.
const MAX_LENGTH: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// Maximum number of clients of one entry. They need about 40 KB.
const MAX_CLIENTS: usize = 500;

/// Appends the entries of a process to the stream.
pub(super) struct Writer {
    pub(super) stream: Stream,
    pub(super) events: mpsc::Receiver<Outgoing>,
}

impl Writer {
    /// Appends entries until the stop. Failed events are dropped, other changes are retried.
    pub(super) async fn run(mut self) {
        let mut heartbeat = interval(TTL / 3);
        loop {
            let appended = tokio::select! {
                biased;
                () = self.stream.replicas.changed() => self.append_changes().await,
                _ = heartbeat.tick() => {
                    self.append(&Entry::Connections(HashMap::new())).await
                }
                Some((room, event)) = self.events.recv() => {
                    self.append(&Entry::Event(room, event)).await
                }
            };
            if let Err(error) = appended {
                let error = error_chain(&error);
                tracing::warn!(
                    error,
                    "cannot write live events for other processes to Redis"
                );
                sleep(BACKOFF).await;
            }
        }
    }

    async fn append_changes(&self) -> Result<(), RedisError> {
        let mut changes = self.stream.replicas.take_changes();
        let appended = self.append_all(&mut changes).await;
        if appended.is_err() {
            self.stream.replicas.change(|newer| {
                newer.has_joined |= changes.has_joined;
                newer.has_left |= changes.has_left;
                newer.disconnects.extend(changes.disconnects);
                newer.clients.extend(changes.clients);
            });
        }
        appended
    }

    /// Appends changes, and removes those that Redis has stored.
    async fn append_all(&self, changes: &mut Changes) -> Result<(), RedisError> {
        let disconnects: Vec<Arc<str>> = changes.disconnects.iter().cloned().collect();
        for client in disconnects {
            self.append(&Entry::Disconnect(client.to_string())).await?;
            changes.disconnects.remove(&client);
        }
        if changes.has_joined {
            self.append(&Entry::Joined).await?;
            changes.has_joined = false;
        }
        if changes.has_left {
            self.append(&Entry::Left).await?;
            changes.has_left = false;
            changes.clients = self.stream.hub.clients().into_iter().collect();
        }
        let clients: Vec<Arc<str>> = changes.clients.iter().cloned().collect();
        for clients in clients.chunks(MAX_CLIENTS) {
            let number = |client| self.stream.hub.connections_of(client);
            let numbers = clients
                .iter()
                .map(|client| (client.to_string(), number(client)));
            self.append(&Entry::Connections(numbers.collect())).await?;
            for client in clients {
                changes.clients.remove(client);
            }
        }
        Ok(())
    }

    async fn append(&self, entry: &Entry) -> Result<(), RedisError> {
        let mut append = cmd("XADD");
        append.arg(&*self.stream.key);
        append.arg("MAXLEN").arg("~").arg(MAX_LENGTH.get()).arg("*");
        entry.append_to(&mut append, &self.stream.origin);
        self.stream.redis.request::<String>(&append).await?;
        Ok(())
    }
}
