use futures::future::BoxFuture;
use seaworthy_core::Timeout;
use seaworthy_redis::{Redis, redis::Script};
use seaworthy_service::lease::{FencingToken, LeaseError, LeaseStore};

/// Acquires a lease. The token is the server's time in microseconds, or one more than the last
/// token if that is higher. So tokens rise even if the clock is set back. The last token is stored
/// for one day after the acquisition.
const ACQUIRE: &str = r"
local holder = redis.call('HGET', KEYS[1], 'holder')
local token
if holder == ARGV[1] then
    token = redis.call('HGET', KEYS[1], 'token')
elseif holder then
    return false
else
    local now = redis.call('TIME')
    local last = tonumber(redis.call('GET', KEYS[2]) or '0')
    token = string.format('%.0f', math.max(now[1] * 1000000 + now[2], last + 1))
    redis.call('SET', KEYS[2], token, 'PX', 86400000)
    redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', token)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return token";
const RENEW: &str = r"
local lease = redis.call('HMGET', KEYS[1], 'holder', 'token')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])";
const RELEASE: &str = r"
local lease = redis.call('HMGET', KEYS[1], 'holder', 'token')
if lease[1] == ARGV[1] and lease[2] == ARGV[2] then redis.call('DEL', KEYS[1]) end
return 1";

/// Leases in a Redis, by the clock of its server.
///
/// Redis replicates asynchronously: after a failover the new master may not have a lease that was
/// just granted. Check the fencing token where you write, or store leases in the database.
///
/// ```
/// use seaworthy_cache::RedisLeases;
/// use seaworthy_redis::{Redis, RedisConfig, RedisError};
///
/// # fn leases() -> Result<RedisLeases, RedisError> {
/// let redis = Redis::new(&RedisConfig::default())?;
/// Ok(RedisLeases::new(redis, "orders:production:cache"))
/// # }
/// ```
#[derive(Debug)]
pub struct RedisLeases {
    redis: Redis,
    prefix: String,
    acquire: Script,
    renew: Script,
    release: Script,
}

impl RedisLeases {
    /// Creates leases whose keys begin with `prefix`.
    #[must_use]
    pub fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.to_owned(),
            acquire: Script::new(ACQUIRE),
            renew: Script::new(RENEW),
            release: Script::new(RELEASE),
        }
    }

    fn names(&self, name: &str) -> (String, String) {
        let lease = format!("{}:lease:{{{name}}}", self.prefix);
        let token = format!("{lease}:token");
        (lease, token)
    }
}

impl LeaseStore for RedisLeases {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<Option<FencingToken>, LeaseError>> {
        Box::pin(async move {
            let (lease, last) = self.names(name);
            let duration = duration.get().as_millis().to_string();
            let arguments = [holder.as_bytes(), duration.as_bytes()];
            let token: Option<u64> = self
                .redis
                .invoke(&self.acquire, &[&lease, &last], &arguments)
                .await
                .map_err(LeaseError::new)?;
            Ok(token.map(FencingToken))
        })
    }

    fn renew<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<bool, LeaseError>> {
        Box::pin(async move {
            let (lease, _) = self.names(name);
            let token = token.to_string();
            let duration = duration.get().as_millis().to_string();
            let arguments = [holder.as_bytes(), token.as_bytes(), duration.as_bytes()];
            let renewed: u8 = self
                .redis
                .invoke(&self.renew, &[&lease], &arguments)
                .await
                .map_err(LeaseError::new)?;
            Ok(renewed > 0)
        })
    }

    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(async move {
            let (lease, _) = self.names(name);
            let token = token.to_string();
            let arguments = [holder.as_bytes(), token.as_bytes()];
            self.redis
                .invoke(&self.release, &[&lease], &arguments)
                .await
                .map_err(LeaseError::new)
        })
    }
}
