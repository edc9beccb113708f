use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use seaworthy::{
    prelude::*,
    redis::{
        Redis, RedisConfig,
        redis::{Script, cmd},
    },
};

use crate::domain::{Journey, errors};

/// Replaces a journey whose sequence is the same as when it was read, and extends its TTL. A
/// journey without a location has the sequence -1 here.
const REPLACE: &str = r"
local found = redis.call('GET', KEYS[1])
local live = found and cjson.decode(found)
if not live or (live.location and live.sequence or -1) ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// The active journeys of trainers, in Redis or in the memory of the process. A
/// journey without a location for some time expires.
pub(crate) struct LiveJourneys {
    store: Store,
    silence: Duration,
}

enum Store {
    Redis {
        redis: Redis,
        replace: Script,
    },
    /// One journey of each session, with the time at which it expires.
    Memory(Mutex<BTreeMap<Uuid, (Journey, Instant)>>),
}

impl fmt::Debug for LiveJourneys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LiveJourneys")
    }
}

impl LiveJourneys {
    /// Creates the store in a Redis, or in memory without settings. The first call connects.
    ///
    /// # Errors
    /// The settings of Redis are invalid.
    pub(crate) fn new(config: Option<&RedisConfig>, silence: Timeout) -> Result<Self, StartError> {
        let store = match config {
            Some(config) => Store::Redis {
                redis: Redis::new(config).map_err(|error| {
                    StartError::with_cause(
                        "the Redis client cannot be created: check the Redis settings",
                        error,
                    )
                })?,
                replace: Script::new(REPLACE),
            },
            None => Store::Memory(Mutex::default()),
        };
        let silence = silence.get();
        Ok(Self { store, silence })
    }

    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn get(&self, id: Uuid) -> Result<Option<Journey>, Error> {
        match &self.store {
            Store::Redis { redis, .. } => {
                let found = redis.request(cmd("GET").arg(key(id))).await;
                let found: Option<String> = found.map_err(errors::journeys_unavailable)?;
                let journey = found.map(|text| serde_json::from_str(&text));
                journey.transpose().map_err(Error::internal)
            }
            Store::Memory(all) => {
                let all = all.lock();
                let live = all.get(&id).filter(|(_, until)| Instant::now() < *until);
                Ok(live.map(|(journey, _)| journey.clone()))
            }
        }
    }

    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn insert(&self, journey: &Journey) -> Result<(), Error> {
        match &self.store {
            Store::Redis { redis, .. } => {
                let text = serde_json::to_string(&journey.live()).map_err(Error::internal)?;
                let mut set = cmd("SET");
                set.arg(key(journey.journey_id)).arg(text);
                set.arg("PX").arg(self.milliseconds());
                let stored = redis.request::<()>(&set).await;
                stored.map_err(errors::journeys_unavailable)
            }
            Store::Memory(all) => {
                let (mut all, now) = (all.lock(), Instant::now());
                all.retain(|_, (_, until)| now < *until);
                all.insert(journey.journey_id, (journey.clone(), now + self.silence));
                Ok(())
            }
        }
    }

    /// Replaces a journey. Returns `false` if it has ended or has another location.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn replace(&self, before: &Journey, after: &Journey) -> Result<bool, Error> {
        let id = before.journey_id;
        match &self.store {
            Store::Redis { redis, replace } => {
                let text = serde_json::to_string(&after.live()).map_err(Error::internal)?;
                let last = before.last_sequence();
                let sequence = last.map_or_else(|| "-1".to_owned(), |last| last.to_string());
                let life = self.milliseconds().to_string();
                let arguments = [sequence.as_bytes(), text.as_bytes(), life.as_bytes()];
                let replaced = redis.invoke(replace, &[&key(id)], &arguments).await;
                let replaced: u8 = replaced.map_err(errors::journeys_unavailable)?;
                Ok(replaced > 0)
            }
            Store::Memory(all) => {
                let (mut all, now) = (all.lock(), Instant::now());
                let live = all.get_mut(&id).filter(|(live, until)| {
                    live.last_sequence() == before.last_sequence() && now < *until
                });
                let Some(live) = live else {
                    return Ok(false);
                };
                *live = (after.clone(), now + self.silence);
                Ok(true)
            }
        }
    }

    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn remove(&self, id: Uuid) -> Result<(), Error> {
        match &self.store {
            Store::Redis { redis, .. } => {
                let removed = redis.request::<()>(cmd("DEL").arg(key(id))).await;
                removed.map_err(errors::journeys_unavailable)
            }
            Store::Memory(all) => {
                all.lock().remove(&id);
                Ok(())
            }
        }
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.silence.as_millis()).unwrap_or(u64::MAX)
    }
}

fn key(id: Uuid) -> String {
    format!("live:journey:{id}")
}
