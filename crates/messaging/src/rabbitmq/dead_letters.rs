use lapin::{
    Channel,
    options::{BasicAckOptions, BasicGetOptions, BasicNackOptions},
};

use super::{
    config::RabbitmqConfig,
    connection::{Link, failure},
    topology, wire,
};
use crate::{DeadLetterId, Envelope, Topic, transport::TransportError};

/// So many are looked through in one question; those behind are found when some before them are gone.
const MOST_LOOKED_AT: usize = 10_000;
/// AMQP: everything went well.
const REPLY_SUCCESS: u16 = 200;

/// Looks at a queue by taking all and giving all back. The broker may put what was given back behind the rest, so they are sorted by their identifiers, which rise
/// with time. Who looks at the same moment sees fewer.
pub(super) async fn browse(
    link: &Link,
    config: &RabbitmqConfig,
    topic: &Topic,
    after: Option<&DeadLetterId>,
    limit: usize,
) -> Result<Vec<Envelope>, TransportError> {
    let channel = link.new_channel().await?;
    topology::dead_letters(&channel, config, topic).await?;
    let mut found = Vec::new();
    while found.len() < MOST_LOOKED_AT
        && let Some((_, envelope)) = get(&channel, config, topic).await?
    {
        found.push((DeadLetterId::of(&envelope), envelope));
    }
    give_back(&channel).await?;
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(found
        .into_iter()
        .filter(|(id, _)| after.is_none_or(|after| id > after))
        .map(|(_, envelope)| envelope)
        .take(limit)
        .collect())
}

pub(super) async fn remove(
    link: &Link,
    config: &RabbitmqConfig,
    topic: &Topic,
    ids: &[DeadLetterId],
) -> Result<u64, TransportError> {
    let channel = link.new_channel().await?;
    topology::dead_letters(&channel, config, topic).await?;
    let mut removed = 0;
    for _ in 0..MOST_LOOKED_AT {
        if usize::try_from(removed).is_ok_and(|removed| removed == ids.len()) {
            break;
        }
        let Some((tag, envelope)) = get(&channel, config, topic).await? else {
            break;
        };
        if ids.contains(&DeadLetterId::of(&envelope)) {
            let acknowledged = channel.basic_ack(tag, BasicAckOptions::default());
            acknowledged.await.map_err(failure)?;
            removed += 1;
        }
    }
    give_back(&channel).await?;
    Ok(removed)
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
    let (envelope, _) = wire::envelope(&mut message.delivery, &config.headers, topic);
    // What the broker itself put here has the routing key that it had before.
    Ok(Some((tag, envelope.with_topic(topic.clone()))))
}

/// Gives back all that was not acknowledged. The end of the channel would do so too, but after whoever looks next.
async fn give_back(channel: &Channel) -> Result<(), TransportError> {
    let all = BasicNackOptions {
        multiple: true,
        requeue: true,
    };
    channel.basic_nack(0, all).await.map_err(failure)?;
    let closed = channel.close(REPLY_SUCCESS, "looked through".into());
    closed.await.map_err(failure)
}
