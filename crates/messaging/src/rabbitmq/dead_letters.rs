use std::{collections::BTreeSet, sync::Arc};

use lapin::{
    Channel,
    options::{
        BasicAckOptions, BasicGetOptions, BasicNackOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    protocol::AMQPSoftError,
    types::{FieldTable, ShortString},
};
use seaworthy_core::{Backoff, Timeout};
use tokio::{
    sync::OwnedMutexGuard,
    time::{self, Instant},
};

use super::page::Page;
use super::{
    config::RabbitmqConfig,
    connection::BrokerConnection,
    failure::{is_soft, transport_error},
    wire,
};
use crate::{
    DeadLetterId, Envelope, Topic,
    dead_letter::attributes,
    transport::{MAX_PAGE_SIZE, TransportError},
};

/// The maximum number of letters that one request reads. Further letters are reachable after some
/// of these are removed.
const MAX_READ: usize = 10_000;
/// The first backoff while another process browses, which mostly takes less than a second.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(20);
/// The maximum backoff while another process browses. The broker can respond this often.
const MAX_BACKOFF: Timeout = Timeout::from_millis(500);
/// Maximum wait for another process. Reading [`MAX_READ`] letters takes a third of this time.
const MAX_WAIT: Timeout = Timeout::from_secs(30);
/// The AMQP reply code of a normal close.
const REPLY_SUCCESS: u16 = 200;

/// Returns one page of a queue. Receives all letters and requeues them. The broker may requeue them
/// at the end, so the page is sorted by ID. IDs increase with time.
pub(super) async fn browse(
    connection: Arc<BrokerConnection>,
    config: RabbitmqConfig,
    topic: Topic,
    after: Option<DeadLetterId>,
    limit: usize,
) -> Result<Vec<Envelope>, TransportError> {
    if !exists(&connection, &topic).await? {
        return Ok(Vec::new());
    }
    let page = BrowseLock::with(connection, topic.clone(), move |channel| async move {
        let mut page = Page::new(after, limit, MAX_PAGE_SIZE);
        for _ in 0..MAX_READ {
            let Some((_, envelope)) = get(&channel, &config, &topic).await? else {
                break;
            };
            page.add(envelope);
        }
        Ok(page)
    })
    .await?;
    Ok(page.into_letters())
}

pub(super) async fn remove(
    connection: Arc<BrokerConnection>,
    config: RabbitmqConfig,
    topic: Topic,
    ids: BTreeSet<DeadLetterId>,
) -> Result<u64, TransportError> {
    if !exists(&connection, &topic).await? {
        return Ok(0);
    }
    BrowseLock::with(connection, topic.clone(), move |channel| async move {
        let mut removed = 0;
        for _ in 0..MAX_READ {
            if usize::try_from(removed).is_ok_and(|removed| removed == ids.len()) {
                break;
            }
            let Some((tag, envelope)) = get(&channel, &config, &topic).await? else {
                break;
            };
            if ids.contains(&DeadLetterId::of(&envelope)) {
                let acknowledged = channel.basic_ack(tag, BasicAckOptions::default());
                acknowledged.await.map_err(transport_error)?;
                removed += 1;
            }
        }
        Ok(removed)
    })
    .await
}

/// Whether the queue exists. Browsing must not declare it, because a caller may choose any topic.
pub(super) async fn exists(
    connection: &BrokerConnection,
    topic: &Topic,
) -> Result<bool, TransportError> {
    let channel = connection.new_channel().await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let declared = channel
        .queue_declare(topic.as_str().into(), options, FieldTable::default())
        .await;
    match declared {
        Ok(_) => {
            let closed = channel.close(REPLY_SUCCESS, "checked".into());
            closed.await.map_err(transport_error)?;
            Ok(true)
        }
        // The error has closed the channel.
        Err(error) if is_soft(&error, &AMQPSoftError::NOTFOUND) => Ok(false),
        Err(error) => Err(transport_error(error)),
    }
}

/// An exclusive lock on a dead-letter queue across processes. A process that browses while another
/// does would see only a part of the queue. The lock is an exclusive queue, which the broker
/// deletes when its connection ends.
struct BrowseLock {
    channel: Channel,
    name: ShortString,
    /// The channels of a connection share its exclusive queues, so a connection needs its own lock.
    _local: OwnedMutexGuard<()>,
}

impl BrowseLock {
    /// Runs `work` with the lock. It runs to its end even if the caller is cancelled.
    async fn with<
        T: Send + 'static,
        F: Future<Output = Result<T, TransportError>> + Send + 'static,
    >(
        connection: Arc<BrokerConnection>,
        topic: Topic,
        work: impl FnOnce(Channel) -> F + Send + 'static,
    ) -> Result<T, TransportError> {
        // A caller that stops waiting here does not use the broker.
        let local = connection.browsing().lock_owned().await;
        let browsing = tokio::spawn(async move {
            let lock = Self::acquire(&connection, &topic, local).await?;
            let result = async {
                let channel = connection.new_channel().await?;
                let result = work(channel.clone()).await?;
                requeue_all(&channel).await?;
                Ok(result)
            }
            .await;
            lock.release().await?;
            result
        });
        browsing.await.map_err(TransportError::unavailable)?
    }

    async fn acquire(
        connection: &BrokerConnection,
        topic: &Topic,
        local: OwnedMutexGuard<()>,
    ) -> Result<Self, TransportError> {
        let name =
            ShortString::try_new(format!("{topic}.turn")).map_err(TransportError::rejected)?;
        let deadline = Instant::now() + MAX_WAIT.get();
        let delays = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut attempt = 0;
        loop {
            let channel = connection.new_channel().await?;
            let options = QueueDeclareOptions {
                exclusive: true,
                ..QueueDeclareOptions::default()
            };
            let declared = channel
                .queue_declare(name.clone(), options, FieldTable::default())
                .await;
            let error = match declared {
                Ok(_) => {
                    return Ok(Self {
                        channel,
                        name,
                        _local: local,
                    });
                }
                Err(error) => error,
            };
            if !is_soft(&error, &AMQPSoftError::RESOURCELOCKED) {
                return Err(transport_error(error));
            }
            let backoff = delays.delay(attempt);
            if Instant::now() + backoff >= deadline {
                return Err(TransportError::unavailable(
                    "another process is browsing the dead letters: try again later",
                ));
            }
            time::sleep(backoff).await;
            attempt += 1;
        }
    }

    async fn release(self) -> Result<(), TransportError> {
        let deleted = self
            .channel
            .queue_delete(self.name.clone(), QueueDeleteOptions::default());
        deleted.await.map_err(transport_error)?;
        let closed = self.channel.close(REPLY_SUCCESS, "browsed".into());
        closed.await.map_err(transport_error)
    }
}

async fn get(
    channel: &Channel,
    config: &RabbitmqConfig,
    topic: &Topic,
) -> Result<Option<(u64, Envelope)>, TransportError> {
    let got = channel.basic_get(topic.as_str().into(), BasicGetOptions::default());
    let Some(mut message) = got.await.map_err(transport_error)? else {
        return Ok(None);
    };
    let tag = message.delivery.delivery_tag;
    let dead_lettered = wire::dead_lettered_by(&message.delivery);
    let (envelope, _) = wire::envelope(&mut message.delivery, &config.headers, topic);
    // A letter that the broker itself dead-lettered has its original routing key.
    let mut envelope = envelope.with_topic(topic.clone());
    if let Some((queue, reason)) = dead_lettered
        && envelope.attribute(attributes::ID).is_none()
    {
        // Several groups may dead-letter one message.
        let id = format!("{}@{queue}", envelope.id().as_str());
        envelope = envelope
            .with_attribute(attributes::ID, id)
            .with_attribute(attributes::GROUP, queue)
            .with_attribute(attributes::REASON, reason);
    }
    Ok(Some((tag, envelope)))
}

/// Requeues all letters without an acknowledgement before the next request. The end of the channel
/// would requeue them later.
async fn requeue_all(channel: &Channel) -> Result<(), TransportError> {
    let all = BasicNackOptions {
        multiple: true,
        requeue: true,
    };
    channel.basic_nack(0, all).await.map_err(transport_error)?;
    let closed = channel.close(REPLY_SUCCESS, "browsed".into());
    closed.await.map_err(transport_error)
}
