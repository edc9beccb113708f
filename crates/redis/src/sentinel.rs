//! Finds the master that the Sentinels report.

use std::{collections::HashMap, io, sync::Arc};

use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, RedisResult, Value,
    aio::MultiplexedConnection,
};
use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    config::RedisConfig,
    connector::{address, identity},
};

/// The timeout for connecting to a Sentinel and for its reply, in multiples of the reply timeout.
/// A Sentinel that does not respond causes no delay if the others are a majority.
const SENTINEL_STEPS: u32 = 3;

/// The Sentinels of one master.
///
/// After a partition some of them may still name a replaced master, which may still respond as a
/// master. So this type queries all of them, and uses the reply of the latest failover.
pub(crate) struct Sentinels {
    config: RedisConfig,
    master: String,
    /// Timeouts of connections to the master.
    limits: AsyncConnectionConfig,
    /// Timeouts of connections to Sentinels.
    sentinel_limits: AsyncConnectionConfig,
    all: Vec<Arc<Sentinel>>,
}

struct Sentinel {
    client: Client,
    /// The connection of the last request, for reuse.
    open: Mutex<Option<MultiplexedConnection>>,
}

/// The address of a master, as the Sentinels report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Master {
    host: String,
    port: u16,
    /// The number of the failover. A majority of Sentinels voted for each one.
    epoch: u64,
}

/// The reply of the Sentinels.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) master: Master,
    /// Whether more than half of them responded, so that at least one of them took part in the last
    /// vote.
    is_majority: bool,
}

impl Named {
    /// Whether `present` is replaced. A minority may have older information than the Sentinels that
    /// reported `present`.
    pub(crate) fn replaces(&self, present: &Master) -> bool {
        let is_other = (&self.master.host, self.master.port) != (&present.host, present.port);
        is_other && (self.is_majority || self.master.epoch > present.epoch)
    }
}

impl Sentinels {
    pub(crate) fn new(
        config: &RedisConfig,
        master: &str,
        limits: AsyncConnectionConfig,
    ) -> RedisResult<Self> {
        let all = config.url.hosts().iter().map(|(host, port)| {
            let info = address(&config.url, host, *port).into_connection_info()?;
            Ok(Arc::new(Sentinel {
                client: Client::open(info)?,
                open: Mutex::default(),
            }))
        });
        let timeout = Some(config.timeout.get().saturating_mul(SENTINEL_STEPS));
        Ok(Self {
            config: config.clone(),
            master: master.to_owned(),
            limits,
            sentinel_limits: AsyncConnectionConfig::new()
                .set_connection_timeout(timeout)
                .set_response_timeout(timeout),
            all: all.collect::<RedisResult<_>>()?,
        })
    }

    /// Connects to the master.
    pub(crate) async fn open(&self) -> RedisResult<(MultiplexedConnection, Master)> {
        let master = self.master().await?.master;
        let info = address(&self.config.url, &master.host, master.port)
            .into_connection_info()?
            .set_redis_settings(identity(&self.config));
        let mut open = Client::open(info)?
            .get_multiplexed_async_connection_with_config(&self.limits)
            .await?;
        // A server that restarted or became a replica in the meantime may not be the master.
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut open).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok((open, master)),
            _ => Err(io::Error::new(
                io::ErrorKind::ConnectionRefused,
                "the server that Sentinel names is not a master",
            )
            .into()),
        }
    }

    /// Returns the master of the latest failover that the Sentinels know. Waits for the replies of
    /// a majority, or for all replies without a majority.
    pub(crate) async fn master(&self) -> RedisResult<Named> {
        let mut questions = JoinSet::new();
        for sentinel in &self.all {
            let (sentinel, name, limits) = (
                Arc::clone(sentinel),
                self.master.clone(),
                self.sentinel_limits.clone(),
            );
            questions.spawn(async move { sentinel.master(&name, &limits).await });
        }
        let mut answers = 0;
        let mut latest: Option<Master> = None;
        let mut problem = None;
        while let Some(answer) = questions.join_next().await {
            match answer {
                Ok(Ok(master)) => {
                    answers += 1;
                    if latest
                        .as_ref()
                        .is_none_or(|known| master.epoch > known.epoch)
                    {
                        latest = Some(master);
                    }
                }
                Ok(Err(error)) => problem = Some(error),
                Err(_ended) => {}
            }
            if is_majority(answers, self.all.len()) {
                break;
            }
        }
        let is_majority = is_majority(answers, self.all.len());
        match (latest, problem) {
            (Some(master), _) => Ok(Named {
                master,
                is_majority,
            }),
            (None, Some(error)) => Err(error),
            (None, None) => Err(io::Error::from(io::ErrorKind::NotConnected).into()),
        }
    }
}

fn is_majority(answers: usize, all: usize) -> bool {
    answers > all / 2
}

impl Sentinel {
    async fn master(&self, name: &str, limits: &AsyncConnectionConfig) -> RedisResult<Master> {
        let mut kept = self.open.lock().await;
        let mut open = match kept.take() {
            Some(open) => open,
            None => {
                self.client
                    .get_multiplexed_async_connection_with_config(limits)
                    .await?
            }
        };
        let mut known: HashMap<String, String> = redis::cmd("SENTINEL")
            .arg("MASTER")
            .arg(name)
            .query_async(&mut open)
            .await?;
        // A connection that failed is dropped.
        *kept = Some(open);
        let master = known.remove("ip").and_then(|host| {
            Some(Master {
                host,
                port: known.get("port")?.parse().ok()?,
                epoch: known.get("config-epoch")?.parse().ok()?,
            })
        });
        master.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "Sentinel did not return an address of the master",
            )
            .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(host: &str, epoch: u64) -> Master {
        Master {
            host: host.to_owned(),
            port: 6379,
            epoch,
        }
    }

    #[test]
    fn minority_replaces_master_only_by_later_one_data_5() {
        let present = master("a", 5);
        for (host, epoch, is_majority, replaces) in [
            ("a", 6, true, false),
            ("b", 6, true, true),
            ("b", 6, false, true),
            ("b", 4, false, false),
            // The name was removed from the Sentinels and added again, so its epochs start again.
            ("b", 0, true, true),
        ] {
            let named = Named {
                master: master(host, epoch),
                is_majority,
            };
            assert_eq!(named.replaces(&present), replaces, "{named:?}");
        }
        assert!(is_majority(1, 1) && is_majority(2, 3) && !is_majority(2, 4));
    }
}
