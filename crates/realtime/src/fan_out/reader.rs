use std::time::Duration;

use seaworthy_core::error_chain;
use seaworthy_redis::{RedisError, redis::cmd};
use tokio::{task::yield_now, time::sleep};

use super::{
    BACKOFF, Stream,
    entry::{Entries, Entry},
};

/// Maximum number of entries of one read.
const MAX_BATCH: usize = 256;
/// Number of entries after which the reader yields, so that connections send their events.
const YIELD_AFTER: usize = 16;
/// Maximum wait of Redis for entries.
const BLOCK: Duration = Duration::from_secs(2);
/// The position before the first entry.
const BEGINNING: &str = "0-0";

/// Reads the entries of other processes.
pub(super) struct Reader(pub(super) Stream);

impl Reader {
    pub(super) async fn run(self) {
        let mut position: Option<String> = None;
        loop {
            let read = match &position {
                None => self.join().await.map(Some),
                Some(last) => self.next(last).await,
            };
            match read {
                // Redis had no entries within `BLOCK`.
                Ok(None) => {}
                Ok(next) => position = next,
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::warn!(
                        error,
                        "cannot read live events of other processes from Redis"
                    );
                    sleep(BACKOFF).await;
                    position = self.resume(position).await;
                }
            }
        }
    }

    /// Returns the position of the newest entry, and requests the numbers of connections.
    pub(super) async fn join(&self) -> Result<String, RedisError> {
        let mut range = cmd("XREVRANGE");
        range.arg(&*self.0.key).arg("+").arg("-");
        let newest: Entries = self.0.redis.request(range.arg("COUNT").arg(1)).await?;
        self.0.replicas.change(|changes| changes.has_joined = true);
        let newest = newest.into_iter().next();
        Ok(newest.map_or_else(|| BEGINNING.to_owned(), |(id, _)| id))
    }

    /// Waits for entries after a position, and handles them. Returns the position of the last one.
    pub(super) async fn next(&self, last: &str) -> Result<Option<String>, RedisError> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(MAX_BATCH);
        read.arg("BLOCK").arg(BLOCK.as_millis() as u64);
        read.arg("STREAMS").arg(&*self.0.key).arg(last);
        let streams: Option<Vec<(String, Entries)>> = self.0.redis.request(&read).await?;
        let entries = streams.into_iter().flatten();
        let entries: Vec<_> = entries.flat_map(|(_, entries)| entries).collect();
        // Only a reader that receives full batches can be so late that Redis trims entries.
        if entries.len() == MAX_BATCH && !self.retains(last).await? {
            self.resync();
        }
        let mut position = None;
        for (number, (id, fields)) in entries.into_iter().enumerate() {
            if number % YIELD_AFTER == 0 {
                yield_now().await;
            }
            position = Some(id);
            match Entry::parse(fields) {
                Some((origin, _)) if *origin == *self.0.origin => {}
                Some((origin, entry)) => self.handle(origin, entry),
                None => tracing::warn!("malformed live event of another process was dropped"),
            }
        }
        Ok(position)
    }

    fn handle(&self, origin: String, entry: Entry) {
        let (hub, replicas) = (&self.0.hub, &self.0.replicas);
        match entry {
            Entry::Event(room, event) => hub.emit_remote(&room, &event),
            Entry::Disconnect(client) => hub.disconnect_local(&client.into()),
            Entry::Connections(numbers) => replicas.update(origin, numbers),
            Entry::Joined => {
                let clients = hub.clients();
                replicas.change(|changes| changes.clients.extend(clients));
            }
            Entry::Left => replicas.remove(&origin),
        }
    }

    /// Waits until Redis responds. Returns the position if the stream has its entries. Otherwise
    /// all clients read the state.
    async fn resume(&self, position: Option<String>) -> Option<String> {
        let position = position?;
        loop {
            match self.retains(&position).await {
                Ok(true) => return Some(position),
                Ok(false) => {
                    self.resync();
                    // Entries since the restart are read from the beginning.
                    return Some(BEGINNING.to_owned());
                }
                Err(_) => sleep(BACKOFF).await,
            }
        }
    }

    /// Returns true if the stream has all entries after a position.
    async fn retains(&self, position: &str) -> Result<bool, RedisError> {
        if position == BEGINNING {
            return Ok(true);
        }
        let mut range = cmd("XRANGE");
        range.arg(&*self.0.key).arg("-").arg("+");
        let oldest: Entries = self.0.redis.request(range.arg("COUNT").arg(1)).await?;
        let oldest = oldest.first().map(|(id, _)| order(id));
        Ok(oldest.is_some_and(|oldest| oldest <= order(position)))
    }

    fn resync(&self) {
        self.0.hub.resync();
        self.0.replicas.change(|changes| changes.has_joined = true);
    }
}

/// Returns the order of a position such as `1700000000000-3`.
fn order(id: &str) -> (u64, u64) {
    let (time, number) = id.split_once('-').unwrap_or((id, "0"));
    (time.parse().unwrap_or(0), number.parse().unwrap_or(0))
}
