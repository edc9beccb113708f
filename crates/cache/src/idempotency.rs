use std::time::Duration;

use seaworthy_contract::{
    error::reason,
    idempotency::{
        CallOutcome, Fingerprint, IdempotencyStore, KeyState, Lifetimes, RecordedResponse,
        ScopedKey, StoreFuture,
    },
};
use seaworthy_core::{Code, Error, new_id};
use seaworthy_redis::{Redis, RedisError, redis::Script};

const BEGIN: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'status', 'headers', 'body', 'ending', 'run_ends')
if known[1] then
  local runs = not known[5] and (not known[6] or now < tonumber(known[6]))
  known[5] = runs and 'running' or known[5] or 'unknown'
  known[6] = nil
  return known
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2], 'run_ends', string.format('%.0f', now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return false";
const FINISH: &str = r"
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'headers', ARGV[3], 'body', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1";
const SETTLE: &str = r"
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'ending', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1";

/// Endings of a request. The field `ending` is absent while the request runs.
const DONE: &str = "done";
const UNKNOWN: &str = "unknown";
const RUNNING: &str = "running";

/// The fields of a key: fingerprint, status, headers, body and ending.
type Known = (
    Vec<u8>,
    Option<u16>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    String,
);

/// Idempotency keys in a Redis (API-6), for all replicas, by the clock of its server.
///
/// Every key expires. The server's memory limits their number: a `maxmemory-policy` other than
/// `noeviction` may evict a key early, and a repeated request then runs again. A key whose process
/// crashed is running until its `run` time is over. Afterwards its outcome is unknown. While Redis
/// is unavailable, requests with a key get 503 and do not run.
#[derive(Debug, Clone)]
pub struct RedisStore {
    redis: Redis,
    prefix: String,
    begin: Script,
    finish: Script,
    settle: Script,
}

impl RedisStore {
    /// Creates a store whose keys begin with `prefix`.
    #[must_use]
    pub fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.to_owned(),
            begin: Script::new(BEGIN),
            finish: Script::new(FINISH),
            settle: Script::new(SETTLE),
        }
    }

    fn name(&self, key: &ScopedKey) -> String {
        format!("{}:idempotency:{}", self.prefix, key.digest())
    }

    async fn take(
        &self,
        key: &ScopedKey,
        wanted: Fingerprint,
        lifetimes: Lifetimes,
    ) -> Result<KeyState, Error> {
        let token = new_id().as_u64_pair().1;
        let (text, run) = (token.to_string(), milliseconds(lifetimes.timeout));
        let all = milliseconds(lifetimes.timeout.saturating_add(lifetimes.ttl));
        let arguments = [
            &wanted.0[..],
            text.as_bytes(),
            run.as_bytes(),
            all.as_bytes(),
        ];
        let known: Option<Known> = self
            .redis
            .invoke(&self.begin, &[&self.name(key)], &arguments)
            .await
            .map_err(store_error)?;
        let Some((fingerprint, status, headers, body, outcome)) = known else {
            return Ok(KeyState::Claimed(token));
        };
        if fingerprint != wanted.0 {
            return Ok(KeyState::Mismatch);
        }
        let response = status.and_then(|status| {
            let (headers, body) = (headers.unwrap_or_default(), body.unwrap_or_default());
            RecordedResponse::from_parts(status, &headers, body.into())
        });
        Ok(match (response, outcome.as_str()) {
            (Some(response), _) => KeyState::Completed(response),
            (None, RUNNING) => KeyState::Running,
            (None, DONE) => KeyState::ResponseNotStored,
            (None, _) => KeyState::OutcomeUnknown,
        })
    }
}

impl IdempotencyStore for RedisStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> StoreFuture<'a, KeyState> {
        Box::pin(self.take(key, fingerprint, lifetimes))
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        response: RecordedResponse,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (token, status) = (token.to_string(), response.status.as_str().to_owned());
            let (headers, ttl) = (response.header_lines(), milliseconds(ttl));
            let arguments = [
                token.as_bytes(),
                status.as_bytes(),
                &headers,
                &response.body,
                ttl.as_bytes(),
            ];
            // If another request owns the key, the script stores nothing.
            let _stored: u8 = self
                .redis
                .invoke(&self.finish, &[&self.name(key)], &arguments)
                .await
                .map_err(store_error)?;
            Ok(())
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        outcome: CallOutcome,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let outcome = match outcome {
                CallOutcome::Unchanged => "",
                CallOutcome::Failed | CallOutcome::Unknown => UNKNOWN,
                CallOutcome::Changed => DONE,
            };
            let (token, ttl) = (token.to_string(), milliseconds(ttl));
            let arguments = [token.as_bytes(), outcome.as_bytes(), ttl.as_bytes()];
            // If another request owns the key, the script changes nothing.
            let _settled: u8 = self
                .redis
                .invoke(&self.settle, &[&self.name(key)], &arguments)
                .await
                .map_err(store_error)?;
            Ok(())
        })
    }
}

fn store_error(error: RedisError) -> Error {
    let message = "idempotency keys are unavailable: retry the request later with the same key";
    Error::new(Code::Unavailable, reason::IDEMPOTENCY_STORE_FAILED, message).with_cause(error)
}

fn milliseconds(time: Duration) -> String {
    time.as_millis().max(1).to_string()
}
