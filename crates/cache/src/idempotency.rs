use std::time::Duration;

use seaworthy_contract::{
    error::reason,
    idempotency::{Begun, Fingerprint, IdempotencyStore, RecordedAnswer, ScopedKey, StoreFuture},
};
use seaworthy_core::{Code, Error, new_id};
use seaworthy_redis::{Redis, RedisError, redis::Script};
use tokio::runtime::Handle;

const BEGIN: &str = r"
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'status', 'headers', 'body')
if known[1] then return known end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return false";
const FINISH: &str = r"
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'headers', ARGV[3], 'body', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1";
const ABANDON: &str = r"
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1";

/// Fingerprint, status, headers, body.
type Known = (Vec<u8>, Option<u16>, Option<Vec<u8>>, Option<Vec<u8>>);

/// Keys of repeated requests in a Redis (API-6), by its clock, for all replicas and over their restarts.
///
/// No key is without an expiry, and an answer is as large as the layer's limit for answers at most. How many there may be is the server's own limit of memory: one that evicts (a
/// `maxmemory-policy` other than `noeviction`) may forget a key before its time, after which a repeat runs again. A key whose process ended in the middle is running until
/// its `run` has passed. While Redis does not answer, requests with a key are refused with 503 and do not run.
#[derive(Debug, Clone)]
pub struct RedisStore {
    redis: Redis,
    prefix: String,
    begin: Script,
    finish: Script,
    abandon: Script,
}

impl RedisStore {
    /// A store whose keys begin with `prefix`.
    #[must_use]
    pub fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.to_owned(),
            begin: Script::new(BEGIN),
            finish: Script::new(FINISH),
            abandon: Script::new(ABANDON),
        }
    }

    fn name(&self, key: &ScopedKey) -> String {
        format!("{}:idempotency:{}", self.prefix, key.digest())
    }

    async fn take(
        &self,
        key: &ScopedKey,
        wanted: Fingerprint,
        run: Duration,
    ) -> Result<Begun, Error> {
        let token = new_id().as_u64_pair().1;
        let (text, run) = (token.to_string(), milliseconds(run));
        let arguments = [&wanted.0[..], text.as_bytes(), run.as_bytes()];
        let known: Option<Known> = self
            .redis
            .invoke(&self.begin, &[&self.name(key)], &arguments)
            .await
            .map_err(failed)?;
        let Some((fingerprint, status, headers, body)) = known else {
            return Ok(Begun::New(token));
        };
        if fingerprint != wanted.0 {
            return Ok(Begun::Mismatch);
        }
        let answer = status.and_then(|status| {
            let (headers, body) = (headers.unwrap_or_default(), body.unwrap_or_default());
            RecordedAnswer::restored(status, &headers, body.into())
        });
        Ok(answer.map_or(Begun::Running, Begun::Answered))
    }
}

impl IdempotencyStore for RedisStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        run: Duration,
    ) -> StoreFuture<'a, Begun> {
        Box::pin(self.take(key, fingerprint, run))
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (token, status) = (token.to_string(), answer.status.as_str().to_owned());
            let (headers, keep) = (answer.header_lines(), milliseconds(keep));
            let arguments = [
                token.as_bytes(),
                status.as_bytes(),
                &headers,
                &answer.body,
                keep.as_bytes(),
            ];
            // Whether another has taken the key since makes no difference to this one.
            let _kept: u8 = self
                .redis
                .invoke(&self.finish, &[&self.name(key)], &arguments)
                .await
                .map_err(failed)?;
            Ok(())
        })
    }

    fn abandon(&self, key: &ScopedKey, token: u64) {
        // Where no runtime is left the process ends, and the end of `run` gives the key back.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (store, name) = (self.clone(), self.name(key));
        runtime.spawn(async move {
            let token = token.to_string();
            let given_back: Result<u8, _> = store
                .redis
                .invoke(&store.abandon, &[&name], &[token.as_bytes()])
                .await;
            if let Err(error) = given_back {
                tracing::warn!(%error, "an Idempotency-Key could not be given back before its time");
            }
        });
    }
}

fn failed(error: RedisError) -> Error {
    let message = "what was answered before is not known now";
    Error::new(Code::Unavailable, reason::IDEMPOTENCY_STORE_FAILED, message).with_cause(error)
}

fn milliseconds(time: Duration) -> String {
    time.as_millis().max(1).to_string()
}
