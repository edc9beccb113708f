use std::time::Duration;

use futures::future::BoxFuture;
use seaworthy_redis::{
    Redis, RedisError,
    redis::{Script, Value, cmd},
};

use super::{Found, Store, TOKEN_TTL, Token};

/// Reads an entry. If there is none, stores the new token unless another one is valid. A token
/// has its own key in the same cluster slot.
const READ: &str = r"
local entry = redis.call('GET', KEYS[1])
if entry then return entry end
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return false";
const FILL: &str = r"
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1";

/// Entries in Redis. Every key expires.
#[derive(Debug)]
pub(crate) struct RedisStore {
    redis: Redis,
    prefix: String,
    read: Script,
    fill: Script,
}

impl RedisStore {
    pub(crate) fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.to_owned(),
            read: Script::new(READ),
            fill: Script::new(FILL),
        }
    }

    fn names(&self, key: &str) -> (String, String) {
        // The braces put both keys into one slot of a cluster. Without a prefix, the entry has
        // exactly its key, which a cluster hashes as a whole.
        let token = match self.prefix.as_str() {
            "" => format!("{{{key}}}:token"),
            prefix => format!("{prefix}:{{{key}}}:token"),
        };
        let entry = match self.prefix.as_str() {
            "" => key.to_owned(),
            prefix => format!("{prefix}:{{{key}}}"),
        };
        (entry, token)
    }
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

impl Store for RedisStore {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Found, RedisError>> {
        Box::pin(async move {
            let token = Token(seaworthy_core::new_id().as_u64_pair().1);
            let (entry, token_name) = self.names(key);
            let arguments = [token.0.to_string(), milliseconds(TOKEN_TTL)];
            let arguments: Vec<_> = arguments.iter().map(String::as_bytes).collect();
            let keys = [entry.as_str(), token_name.as_str()];
            match self.redis.invoke(&self.read, &keys, &arguments).await? {
                Value::BulkString(entry) => Ok(Found::Entry(entry)),
                Value::Nil => Ok(Found::Nothing(token)),
                _ => Err(RedisError::Unexpected),
            }
        })
    }

    fn fill<'a>(
        &'a self,
        key: &'a str,
        token: Token,
        entry: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, RedisError>> {
        Box::pin(async move {
            let (name, token_name) = self.names(key);
            let (token, ttl) = (token.0.to_string(), milliseconds(ttl));
            let arguments = [token.as_bytes(), &entry, ttl.as_bytes()];
            self.redis
                .invoke(&self.fill, &[&name, &token_name], &arguments)
                .await
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), RedisError>> {
        Box::pin(async move {
            let (entry, token) = self.names(key);
            self.redis.request(cmd("DEL").arg(entry).arg(token)).await
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), RedisError>> {
        Box::pin(self.redis.check())
    }
}
