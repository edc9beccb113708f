use async_nats::header;
use serde::Deserialize;
use serde_json::json;

use super::{connection::BrokerConnection, names::Names, wire};
use crate::{
    DeadLetterId, Envelope, Topic,
    transport::{MAX_PAGE_SIZE, TransportError},
};

#[derive(Debug, Deserialize)]
struct Purged {
    purged: u64,
}

/// Returns dead letters after another one, without removing them.
pub(super) async fn browse(
    connection: &BrokerConnection,
    names: &Names,
    topic: &Topic,
    after: Option<&DeadLetterId>,
    limit: usize,
) -> Result<Vec<Envelope>, TransportError> {
    let (stream, all) = (names.stream(topic), names.dead_letters(topic));
    let mut sequence = 0;
    if let Some(after) = after {
        let body = json!({"last_by_subj": names.dead_letter(topic, after)});
        if let Some(found) = connection.find(&stream, &body).await? {
            sequence = stream_sequence(&found)?;
        }
    }
    let (mut letters, mut size) = (Vec::new(), 0);
    while letters.len() < limit && size < MAX_PAGE_SIZE.as_usize() {
        let body = json!({"seq": sequence + 1, "next_by_subj": all});
        let Some(found) = connection.find(&stream, &body).await? else {
            break;
        };
        sequence = stream_sequence(&found)?;
        let (letter, _) = wire::envelope(topic.clone(), found);
        size += letter.size();
        letters.push(letter);
    }
    Ok(letters)
}

/// Removes dead letters and returns how many it removed.
pub(super) async fn remove(
    connection: &BrokerConnection,
    names: &Names,
    topic: &Topic,
    ids: &[DeadLetterId],
) -> Result<u64, TransportError> {
    let purge = format!("STREAM.PURGE.{}", names.stream(topic));
    let mut removed = 0;
    for id in ids {
        let body = json!({"filter": names.dead_letter(topic, id)});
        let answer: Purged = connection.call(&purge, &body).await?;
        removed += answer.purged;
    }
    Ok(removed)
}

fn stream_sequence(message: &async_nats::Message) -> Result<u64, TransportError> {
    let headers = message.headers.as_ref();
    let sequence = headers.and_then(|headers| headers.get(header::NATS_SEQUENCE));
    let sequence = sequence.and_then(|sequence| sequence.as_str().parse().ok());
    sequence.ok_or_else(|| TransportError::unavailable("a message of a stream has no sequence"))
}
