use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::BoxFuture;
use seaworthy_redis::{Redis, RedisConfig, RedisError, redis::cmd};
use tokio_util::task::TaskTracker;

use super::{
    RedisStreamsConfig, deliveries::RedisDeliveries, failure::transport_error, keys::Keys,
    publications::Publications, scripts, wire,
};
use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{
        Deliveries, MAX_PAGE_SIZE, SubscriptionPlan, TopicPlan, Transport, TransportError,
    },
};

/// The size of one read of dead letters in bytes, which blocks Redis for a few milliseconds.
const READ_SIZE: usize = 4 * 1024 * 1024;

/// Redis Streams as an engine of messages.
///
/// ```no_run
/// use seaworthy_messaging::{MessagingConfig, redis::RedisBroker, transport::TransportError};
///
/// # async fn open() -> Result<RedisBroker, TransportError> {
/// let config = MessagingConfig::new("redis://localhost:6379".parse().unwrap());
/// RedisBroker::open(&config).await
/// # }
/// ```
#[derive(Clone)]
pub struct RedisBroker {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) redis: Redis,
    pub(super) keys: Keys,
    pub(super) config: RedisStreamsConfig,
    publications: Publications,
    publishing: TaskTracker,
    closed: AtomicBool,
}

impl Inner {
    pub(super) fn is_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        Ok(())
    }
}

impl RedisBroker {
    /// Connects to the Redis of the settings.
    ///
    /// # Errors
    /// [`TransportError`] if it does not respond, or if the URL is invalid.
    pub async fn open(config: &MessagingConfig) -> Result<Self, TransportError> {
        let url = config.url.with_credentials(None);
        let url = url.map(String::from).unwrap_or_default().parse();
        let redis = Redis::new(&RedisConfig {
            url: url.map_err(TransportError::rejected)?,
            password: config.password.clone(),
            timeout: config.redis.timeout,
        });
        let redis = redis.map_err(transport_error)?;
        redis.check().await.map_err(transport_error)?;
        Ok(Self {
            inner: Arc::new(Inner {
                redis,
                keys: Keys::new(&config.redis.prefix),
                publications: Publications::new(config.redis.max_length.map(u64::from)),
                config: config.redis.clone(),
                publishing: TaskTracker::new(),
                closed: AtomicBool::new(false),
            }),
        })
    }

    /// Checks that the key of a topic is a stream or does not exist.
    async fn check_stream(&self, topic: &Topic) -> Result<(), TransportError> {
        let stream = self.inner.keys.stream(topic.as_str());
        let kind: String = self
            .inner
            .redis
            .request(cmd("TYPE").arg(&stream))
            .await
            .map_err(transport_error)?;
        if kind == "none" || kind == "stream" {
            return Ok(());
        }
        Err(TransportError::rejected(format!(
            "the key {stream:?} is a {kind}, not a stream: set another broker.redis.prefix"
        )))
    }

    /// Creates a group on the streams of these topics. A new group starts at the end of a stream.
    async fn create_group(
        &self,
        group: &GroupName,
        topics: &[Topic],
    ) -> Result<(), TransportError> {
        let Inner { redis, keys, .. } = &*self.inner;
        for topic in topics {
            let mut create = cmd("XGROUP");
            create
                .arg("CREATE")
                .arg(keys.stream(topic.as_str()))
                .arg(group.as_str());
            match redis.request::<()>(create.arg("$").arg("MKSTREAM")).await {
                Err(RedisError::Rejected { code, .. }) if code == "BUSYGROUP" => {}
                created => created.map_err(transport_error)?,
            }
        }
        let mut add = cmd("SADD");
        add.arg(keys.topics(group));
        for topic in topics {
            add.arg(topic.as_str());
        }
        redis
            .request::<u64>(&add)
            .await
            .map(drop)
            .map_err(transport_error)
    }
}

impl Transport for RedisBroker {
    fn system(&self) -> &'static str {
        "redis"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            for plan in &topics {
                self.check_stream(&plan.topic).await?;
                let topic = std::slice::from_ref(&plan.topic);
                for required in &plan.groups {
                    self.create_group(&required.group, topic).await?;
                }
            }
            self.inner.publications.declare(topics);
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let inner = &self.inner;
            let _until_answered = inner.publishing.token();
            if inner.is_open().is_err() {
                return batch.iter().map(|_| Err(PublishError::Closed)).collect();
            }
            let publications = &inner.publications;
            publications.publish(&inner.redis, &inner.keys, batch).await
        })
    }

    fn keeps_key_order(&self) -> bool {
        true
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            self.create_group(&plan.group, &plan.topics).await?;
            let deliveries: Arc<dyn Deliveries> =
                Arc::new(RedisDeliveries::new(Arc::clone(&self.inner), plan)?);
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let Inner { redis, keys, .. } = &*self.inner;
            self.inner.is_open()?;
            let topics: Vec<String> = redis
                .request(cmd("SMEMBERS").arg(keys.topics(group)))
                .await
                .map_err(transport_error)?;
            let streams: Vec<_> = topics.iter().map(|topic| keys.stream(topic)).collect();
            let streams: Vec<&str> = streams.iter().map(String::as_str).collect();
            let group = group.as_str().as_bytes();
            let lag = redis.invoke(&scripts::LAG, &streams, &[group]).await;
            lag.map_err(transport_error)
        })
    }

    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            let Inner { redis, keys, .. } = &*self.inner;
            self.inner.is_open()?;
            let is_member = cmd("SISMEMBER")
                .arg(keys.topics(group))
                .arg(topic.as_str())
                .clone();
            redis.request(&is_member).await.map_err(transport_error)
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.inner.is_open()?;
            self.inner.redis.check().await.map_err(transport_error)
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            let Inner { redis, keys, .. } = &*self.inner;
            self.inner.is_open()?;
            let mut cursor = None;
            if let Some(after) = after {
                let find = cmd("HGET")
                    .arg(keys.index(topic))
                    .arg(after.as_str())
                    .clone();
                cursor = redis
                    .request::<Option<String>>(&find)
                    .await
                    .map_err(transport_error)?;
            }
            let mut cursor = cursor.unwrap_or_else(|| "0-0".to_owned());
            let stream = keys.stream(topic.as_str());
            let (mut found, mut size) = (Vec::new(), 0);
            while found.len() < limit && size < MAX_PAGE_SIZE.as_usize() {
                let max_size = (MAX_PAGE_SIZE.as_usize() - size).min(READ_SIZE).to_string();
                let max_count = (limit - found.len()).to_string();
                let bounds = [cursor.as_bytes(), max_count.as_bytes(), max_size.as_bytes()];
                let read = redis.invoke(&scripts::BROWSE, &[&stream], &bounds).await;
                let read: Vec<(String, Vec<Vec<u8>>)> = read.map_err(transport_error)?;
                let Some((last, _)) = read.last() else { break };
                cursor.clone_from(last);
                for (_, fields) in read {
                    let (letter, _) = wire::envelope(topic.clone(), fields);
                    size += letter.size();
                    found.push(letter);
                }
            }
            Ok(found)
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let Inner { redis, keys, .. } = &*self.inner;
            self.inner.is_open()?;
            let (stream, index) = (keys.stream(topic.as_str()), keys.index(topic));
            let ids: Vec<_> = ids.iter().map(|id| id.as_str().as_bytes()).collect();
            let removed = redis
                .invoke(&scripts::REMOVE, &[&stream, &index], &ids)
                .await;
            removed.map_err(transport_error)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.closed.store(true, Ordering::SeqCst);
        self.inner.publishing.close();
        Box::pin(self.inner.publishing.wait())
    }
}

impl fmt::Debug for RedisBroker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisBroker")
            .field("redis", &self.inner.redis)
            .finish_non_exhaustive()
    }
}
