use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};

use crate::{DeadLetterId, Envelope, Topic, envelope::HeaderEncoding};

/// The header prefix of the Kafka binding of CloudEvents.
const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce_" };
/// The header of the payload's media type.
const CONTENT_TYPE: &str = "content-type";
const CONTENT_TYPE_ATTRIBUTE: &str = "ce_datacontenttype";

/// Returns the headers of a message.
pub(super) fn headers(envelope: &Envelope) -> OwnedHeaders {
    let own = envelope.to_headers(ENCODING);
    let mut headers = OwnedHeaders::new_with_capacity(own.len());
    for (name, value) in &own {
        let key = match name.as_str() {
            CONTENT_TYPE_ATTRIBUTE => CONTENT_TYPE,
            name => name,
        };
        headers = headers.insert(Header {
            key,
            value: Some(value.as_bytes()),
        });
    }
    headers
}

/// Returns the key of the record: the key of the message, or the ID of a dead letter, whose topic
/// keeps one message per key.
pub(super) fn key(envelope: &Envelope) -> Option<Vec<u8>> {
    if envelope.topic().is_dead_letters() {
        return Some(DeadLetterId::of(envelope).as_str().as_bytes().to_vec());
    }
    envelope.key().map(|key| key.as_bytes().to_vec())
}

/// Returns the message, and its problem if it is malformed.
pub(super) fn envelope(topic: Topic, message: &BorrowedMessage<'_>) -> (Envelope, Option<String>) {
    let (mut own, mut problem) = (Vec::new(), None);
    let mut has_content_type = false;
    for header in message.headers().into_iter().flat_map(|all| all.iter()) {
        let Ok(value) = str::from_utf8(header.value.unwrap_or_default()) else {
            problem = Some(format!("the header {:?} is not UTF-8", header.key));
            continue;
        };
        // The first header is the attribute. An application may have another header of this name.
        let is_attribute = header.key == CONTENT_TYPE && !has_content_type;
        has_content_type |= is_attribute;
        let name = if is_attribute {
            CONTENT_TYPE_ATTRIBUTE
        } else {
            header.key
        };
        own.push((name.to_owned(), value.to_owned()));
    }
    let payload = Bytes::copy_from_slice(message.payload().unwrap_or_default());
    let is_dead_letter = topic.is_dead_letters();
    let envelope = Envelope::from_headers(ENCODING, topic, own, payload);
    // Other publishers set only the key of the record.
    let key = message.key().and_then(|key| str::from_utf8(key).ok());
    let envelope = match key {
        Some(key) if envelope.key().is_none() && !is_dead_letter => envelope.with_key(key),
        _ => envelope,
    };
    (envelope, problem)
}
