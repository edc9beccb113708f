use std::{collections::BTreeSet, sync::Arc};

use lapin::{
    Channel, ErrorKind,
    options::{
        BasicAckOptions, BasicGetOptions, BasicNackOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    protocol::{AMQPErrorKind, AMQPSoftError},
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
    connection::{Link, failure},
    wire,
};
use crate::{
    DeadLetterId, Envelope, Topic,
    dead_letter::attributes,
    transport::{MAX_PAGE_SIZE, TransportError},
};

/// So many are looked through in one question; those behind are found when some before them are gone.
const MOST_LOOKED_AT: usize = 10_000;
/// Between two looks whether another program is done, which mostly takes less than a second.
const TURN_INITIAL: Timeout = Timeout::from_millis(20);
/// As often as that may be asked for as long as it takes.
const TURN_CAP: Timeout = Timeout::from_millis(500);
/// Looking through the most takes a third of it.
const LONGEST_WAIT: Timeout = Timeout::from_secs(30);
/// AMQP: everything went well.
const REPLY_SUCCESS: u16 = 200;

/// Looks at a queue by taking all and giving all back. The broker may put what was given back behind the rest, so they are sorted by their identifiers, which rise
/// with time.
pub(super) async fn browse(
    link: Arc<Link>,
    config: RabbitmqConfig,
    topic: Topic,
    after: Option<DeadLetterId>,
    limit: usize,
) -> Result<Vec<Envelope>, TransportError> {
    if !exists(&link, &topic).await? {
        return Ok(Vec::new());
    }
    let page = Turn::through(link, topic.clone(), move |channel| async move {
        let mut page = Page::new(after, limit, MAX_PAGE_SIZE);
        for _ in 0..MOST_LOOKED_AT {
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
    link: Arc<Link>,
    config: RabbitmqConfig,
    topic: Topic,
    ids: BTreeSet<DeadLetterId>,
) -> Result<u64, TransportError> {
    if !exists(&link, &topic).await? {
        return Ok(0);
    }
    Turn::through(link, topic.clone(), move |channel| async move {
        let mut removed = 0;
        for _ in 0..MOST_LOOKED_AT {
            if usize::try_from(removed).is_ok_and(|removed| removed == ids.len()) {
                break;
            }
            let Some((tag, envelope)) = get(&channel, &config, &topic).await? else {
                break;
            };
            if ids.contains(&DeadLetterId::of(&envelope)) {
                let acknowledged = channel.basic_ack(tag, BasicAckOptions::default());
                acknowledged.await.map_err(failure)?;
                removed += 1;
            }
        }
        Ok(removed)
    })
    .await
}

/// Whether the queue exists. Looking for dead letters must not declare it: anyone may name a topic.
pub(super) async fn exists(link: &Link, topic: &Topic) -> Result<bool, TransportError> {
    let channel = link.new_channel().await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let asked = channel
        .queue_declare(topic.as_str().into(), options, FieldTable::default())
        .await;
    match asked {
        Ok(_) => {
            let closed = channel.close(REPLY_SUCCESS, "looked up".into());
            closed.await.map_err(failure)?;
            Ok(true)
        }
        // The error has closed the channel.
        Err(error) if is_soft(&error, &AMQPSoftError::NOTFOUND) => Ok(false),
        Err(error) => Err(failure(error)),
    }
}

/// The turn to look through a queue, over all programs: who looks while another does would see what that one has not taken, and take it for all there is. A queue that
/// belongs to one connection is what the broker itself gives back when that connection ends.
struct Turn {
    channel: Channel,
    name: ShortString,
    /// Connections of one program are one to the broker.
    _within: OwnedMutexGuard<()>,
}

impl Turn {
    /// Does what is to be done in a turn, to its end even when nobody waits for it any more.
    async fn through<
        T: Send + 'static,
        F: Future<Output = Result<T, TransportError>> + Send + 'static,
    >(
        link: Arc<Link>,
        topic: Topic,
        work: impl FnOnce(Channel) -> F + Send + 'static,
    ) -> Result<T, TransportError> {
        // A caller that stops waiting here does no work on the broker.
        let within = link.looking().lock_owned().await;
        let looking = tokio::spawn(async move {
            let turn = Self::take(&link, &topic, within).await?;
            let looked = async {
                let channel = link.new_channel().await?;
                let looked = work(channel.clone()).await?;
                release(&channel).await?;
                Ok(looked)
            }
            .await;
            turn.end().await?;
            looked
        });
        looking.await.map_err(TransportError::unavailable)?
    }

    async fn take(
        link: &Link,
        topic: &Topic,
        within: OwnedMutexGuard<()>,
    ) -> Result<Self, TransportError> {
        let name =
            ShortString::try_new(format!("{topic}.turn")).map_err(TransportError::refused)?;
        let end = Instant::now() + LONGEST_WAIT.get();
        let backoff = Backoff::new(TURN_INITIAL, TURN_CAP);
        let mut attempt = 0;
        loop {
            let channel = link.new_channel().await?;
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
                        _within: within,
                    });
                }
                Err(error) => error,
            };
            if !is_soft(&error, &AMQPSoftError::RESOURCELOCKED) {
                return Err(failure(error));
            }
            let pause = backoff.delay(attempt);
            if Instant::now() + pause >= end {
                return Err(TransportError::unavailable(
                    "another program looks through the dead letters for too long",
                ));
            }
            time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn end(self) -> Result<(), TransportError> {
        let deleted = self
            .channel
            .queue_delete(self.name.clone(), QueueDeleteOptions::default());
        deleted.await.map_err(failure)?;
        let closed = self.channel.close(REPLY_SUCCESS, "looked through".into());
        closed.await.map_err(failure)
    }
}

fn is_soft(error: &lapin::Error, expected: &AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(protocol) if matches!(protocol.kind(), AMQPErrorKind::Soft(soft) if soft == expected))
}

async fn get(
    channel: &Channel,
    config: &RabbitmqConfig,
    topic: &Topic,
) -> Result<Option<(u64, Envelope)>, TransportError> {
    let got = channel.basic_get(topic.as_str().into(), BasicGetOptions::default());
    let Some(mut message) = got.await.map_err(failure)? else {
        return Ok(None);
    };
    let tag = message.delivery.delivery_tag;
    let given_up = wire::given_up_by(&message.delivery);
    let (envelope, _) = wire::envelope(&mut message.delivery, &config.headers, topic);
    // What the broker itself put here has the routing key that it had before.
    let mut envelope = envelope.with_topic(topic.clone());
    if let Some((queue, reason)) = given_up
        && envelope.attribute(attributes::ID).is_none()
    {
        // One message may be given up by several groups.
        let id = format!("{}@{queue}", envelope.id().as_str());
        envelope = envelope
            .with_attribute(attributes::ID, id)
            .with_attribute(attributes::GROUP, queue)
            .with_attribute(attributes::REASON, reason);
    }
    Ok(Some((tag, envelope)))
}

/// Gives back all that was not acknowledged. The end of the channel would do so too, but after whoever looks next.
async fn release(channel: &Channel) -> Result<(), TransportError> {
    let all = BasicNackOptions {
        multiple: true,
        requeue: true,
    };
    channel.basic_nack(0, all).await.map_err(failure)?;
    let closed = channel.close(REPLY_SUCCESS, "looked through".into());
    closed.await.map_err(failure)
}
