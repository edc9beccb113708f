//! Events between the processes of a service, over a Redis stream.
//!
//! Each process appends its events to one bounded stream and reads those of the others. A process
//! that was disconnected for a short time reads the events that it missed. If they are gone, its
//! clients receive the event `resync`.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

use seaworthy_config::Settings;
use seaworthy_core::{Timeout, error_chain};
use seaworthy_redis::{Redis, RedisError, redis::cmd};
use seaworthy_service::Assembly;
use tokio::{sync::mpsc, time::sleep};

use crate::{Event, Hub, Room, sse::RESYNC};

/// Events that wait for Redis. Further ones reach the clients of this process only.
const MAX_PENDING: usize = 1_024;
/// The events of several seconds under load, in about 10 MB.
const MAX_LENGTH: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// Events of one read.
const MAX_BATCH: u32 = 256;
/// Time limit of a read without events.
const BLOCK: Duration = Duration::from_secs(2);
/// The time limit of a call that reads, which is longer than `BLOCK`.
const READ_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The pause after a failed call.
const BACKOFF: Duration = Duration::from_millis(250);

/// The fields of an entry.
const ORIGIN: &str = "origin";
const ROOM: &str = "room";
const NAME: &str = "name";
const PAYLOAD: &str = "payload";

type Entry = (String, HashMap<String, Vec<u8>>);

/// An event on its way to other processes.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) room: Room,
    pub(crate) event: Event,
}

#[derive(Clone)]
struct FanOut {
    hub: Hub,
    redis: Redis,
    stream: Arc<str>,
    origin: Arc<str>,
}

impl Hub {
    /// Passes the events of [`publish`](Self::publish) to all processes of a service that use the
    /// same Redis and the same `prefix` of keys. Call it once.
    ///
    /// Redis needs to be available for other processes only. Clients of this process receive their
    /// events without it.
    ///
    /// # Errors
    /// The settings of the connection are not valid.
    pub fn fan_out<C: Settings>(
        &self,
        service: &Assembly<C>,
        redis: &Redis,
        prefix: &str,
    ) -> Result<(), RedisError> {
        let (sender, receiver) = mpsc::channel(MAX_PENDING);
        self.set_outgoing(sender);
        let writer = FanOut {
            hub: self.clone(),
            redis: redis.clone(),
            stream: format!("{prefix}realtime").into(),
            origin: format!("{:032x}", rand::random::<u128>()).into(),
        };
        let reader = FanOut {
            redis: redis.with_timeout(READ_TIMEOUT)?,
            ..writer.clone()
        };
        let tasks = service.tasks();
        tasks.spawn_until_stop("publish live events", writer.write(receiver));
        tasks.spawn_until_stop("read live events", reader.read());
        Ok(())
    }
}

impl FanOut {
    /// Appends events. An event that Redis does not accept is lost for other processes.
    async fn write(self, mut events: mpsc::Receiver<Outgoing>) {
        while let Some(Outgoing { room, event }) = events.recv().await {
            let mut append = cmd("XADD");
            append.arg(&*self.stream);
            append.arg("MAXLEN").arg("~").arg(MAX_LENGTH.get()).arg("*");
            append.arg(ORIGIN).arg(&*self.origin);
            append.arg(ROOM).arg(room.as_str());
            append.arg(NAME).arg(event.name());
            append.arg(PAYLOAD).arg(&event.payload()[..]);
            if let Err(error) = self.redis.request::<String>(&append).await {
                let error = error_chain(&error);
                tracing::warn!(error, "live event not passed to other processes");
            }
        }
    }

    async fn read(self) {
        let mut position: Option<String> = None;
        loop {
            let read = match &position {
                None => self.newest().await.map(Some),
                Some(last) => self.next(last).await,
            };
            match read {
                // No events within the time limit.
                Ok(None) => {}
                Ok(next) => position = next,
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::warn!(error, "live events of other processes cannot be read");
                    sleep(BACKOFF).await;
                    position = self.resume(position).await;
                }
            }
        }
    }

    /// Returns the position of the newest event.
    async fn newest(&self) -> Result<String, RedisError> {
        let mut range = cmd("XREVRANGE");
        range
            .arg(&*self.stream)
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1);
        let newest: Vec<Entry> = self.redis.request(&range).await?;
        let newest = newest.into_iter().next();
        Ok(newest.map_or_else(|| "0-0".to_owned(), |(id, _)| id))
    }

    /// Waits for events after a position, and emits them. Returns the position of the last one.
    async fn next(&self, last: &str) -> Result<Option<String>, RedisError> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(MAX_BATCH);
        read.arg("BLOCK").arg(BLOCK.as_millis() as u64);
        read.arg("STREAMS").arg(&*self.stream).arg(last);
        let streams: Option<Vec<(String, Vec<Entry>)>> = self.redis.request(&read).await?;
        let mut position = None;
        for (id, fields) in streams
            .into_iter()
            .flatten()
            .flat_map(|(_, entries)| entries)
        {
            position = Some(id);
            if fields.get(ORIGIN).map(Vec::as_slice) != Some(self.origin.as_bytes()) {
                self.emit(&fields);
            }
        }
        Ok(position)
    }

    fn emit(&self, fields: &HashMap<String, Vec<u8>>) {
        let text = |name| std::str::from_utf8(fields.get(name)?).ok();
        let room = text(ROOM).and_then(|room| room.parse::<Room>().ok());
        let payload = fields.get(PAYLOAD).cloned();
        let event = text(NAME)
            .zip(payload)
            .and_then(|(name, payload)| Event::raw(name, payload).ok());
        match room.zip(event) {
            Some((room, event)) => {
                self.hub.emit(&room, event);
            }
            None => tracing::warn!("live event of another process is malformed"),
        }
    }

    /// Waits until Redis answers. Returns the position if its events are still there. Otherwise
    /// tells all clients to read the state.
    async fn resume(&self, position: Option<String>) -> Option<String> {
        let position = position?;
        loop {
            let mut range = cmd("XRANGE");
            range
                .arg(&*self.stream)
                .arg("-")
                .arg("+")
                .arg("COUNT")
                .arg(1);
            match self.redis.request::<Vec<Entry>>(&range).await {
                Ok(oldest) => {
                    let oldest = oldest.first().map(|(id, _)| order(id));
                    if oldest.is_some_and(|oldest| oldest <= order(&position)) {
                        return Some(position);
                    }
                    if let Ok(resync) = Event::new(RESYNC, &serde_json::json!({})) {
                        self.hub.emit_all(&resync);
                    }
                    // Events since the restart are read from the beginning.
                    return Some("0-0".to_owned());
                }
                Err(_) => sleep(BACKOFF).await,
            }
        }
    }
}

/// Returns the order of a position such as `1700000000000-3`.
fn order(id: &str) -> (u64, u64) {
    let (time, number) = id.split_once('-').unwrap_or((id, "0"));
    (time.parse().unwrap_or(0), number.parse().unwrap_or(0))
}
