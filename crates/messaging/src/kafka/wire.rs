use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};

use crate::{DeadLetterId, Envelope, Topic, envelope::Mode};

/// As the Kafka binding of CloudEvents has it.
const MODE: Mode = Mode { prefix: "ce_" };
/// The binding has the media type of the payload in this header instead of an attribute.
const CONTENT_TYPE: &str = "content-type";
const CONTENT_TYPE_ATTRIBUTE: &str = "ce_datacontenttype";

/// The headers of a message.
pub(super) fn headers(envelope: &Envelope) -> OwnedHeaders {
    let own = envelope.to_headers(MODE);
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

/// What decides into which partition a message goes: its key. A dead letter is known by its identifier, under which its topic keeps one message alone.
pub(super) fn key(envelope: &Envelope) -> Option<Vec<u8>> {
    if envelope.topic().is_dead_letters() {
        return Some(DeadLetterId::of(envelope).as_str().as_bytes().to_vec());
    }
    envelope.key().map(|key| key.as_bytes().to_vec())
}

/// The message as it came, and what is wrong with it.
pub(super) fn envelope(topic: Topic, message: &BorrowedMessage<'_>) -> (Envelope, Option<String>) {
    let (mut own, mut problem) = (Vec::new(), None);
    let mut has_content_type = false;
    for header in message.headers().into_iter().flat_map(|all| all.iter()) {
        let Ok(value) = str::from_utf8(header.value.unwrap_or_default()) else {
            problem = Some(format!("the header {:?} is no text", header.key));
            continue;
        };
        // The first is the attribute; an application may have a header of the name beside it.
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
    let envelope = Envelope::from_headers(MODE, topic, own, payload);
    // Other publishers know the key of Kafka alone.
    let key = message.key().and_then(|key| str::from_utf8(key).ok());
    let envelope = match key {
        Some(key) if envelope.key().is_none() && !is_dead_letter => envelope.with_key(key),
        _ => envelope,
    };
    (envelope, problem)
}
