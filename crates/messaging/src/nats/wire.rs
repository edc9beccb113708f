use std::str::FromStr as _;

use async_nats::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::{
    DeadLetterId, Envelope, PublishError, Topic, dead_letter::attributes::REPLAYS,
    envelope::HeaderEncoding,
};

/// The encoding of attributes. The prefix separates attributes of CloudEvents from headers.
const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce-" };
/// The prefix of headers that the server interprets.
const RESERVED: &str = "nats-";
/// The encoding of the HTTP binding of CloudEvents: headers contain printable ASCII only, and lose
/// spaces at their ends.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// Returns the headers of a message.
pub(super) fn headers(envelope: &Envelope) -> Result<HeaderMap, PublishError> {
    let mut headers = HeaderMap::new();
    for (name, value) in envelope.to_headers(ENCODING) {
        if name.to_ascii_lowercase().starts_with(RESERVED) {
            return Err(PublishError::permanent(format!(
                "the header name {name:?} is reserved for the server: use another name"
            )));
        }
        let value = if name.starts_with(ENCODING.prefix) {
            utf8_percent_encode(&value, ENCODED).to_string()
        } else {
            value
        };
        headers.insert(
            HeaderName::from_str(&name).map_err(PublishError::permanent)?,
            HeaderValue::from_str(&value).map_err(PublishError::permanent)?,
        );
    }
    if let Some(id) = message_id(envelope) {
        let id = utf8_percent_encode(&id, ENCODED).to_string();
        let id = HeaderValue::from_str(&id).map_err(PublishError::permanent)?;
        headers.insert(header::NATS_MESSAGE_ID, id);
    }
    Ok(headers)
}

/// Returns the ID by which the server recognizes a repeated publication. Replayed messages and
/// messages for one group have none, because they are published again on purpose.
fn message_id(envelope: &Envelope) -> Option<String> {
    if envelope.topic().is_dead_letters() {
        return Some(DeadLetterId::of(envelope).as_str().to_owned());
    }
    let is_new = envelope.recipient().is_none() && envelope.attribute(REPLAYS).is_none();
    is_new.then(|| envelope.id().as_str().to_owned())
}

/// Returns the message, and its problem if it is malformed.
pub(super) fn envelope(topic: Topic, message: async_nats::Message) -> (Envelope, Option<String>) {
    let (mut own, mut problem) = (Vec::new(), None);
    for (name, values) in message.headers.unwrap_or_default().iter() {
        let name = name.to_string();
        let Some(value) = values.last() else { continue };
        if name.to_ascii_lowercase().starts_with(RESERVED) {
            continue;
        }
        let value = if name.to_ascii_lowercase().starts_with(ENCODING.prefix) {
            match percent_decode_str(value.as_str()).decode_utf8() {
                Ok(value) => value.into_owned(),
                Err(_not_utf8) => {
                    problem = Some(format!("the header {name:?} is not UTF-8"));
                    continue;
                }
            }
        } else {
            value.as_str().to_owned()
        };
        own.push((name, value));
    }
    let envelope = Envelope::from_headers(ENCODING, topic, own, message.payload);
    (envelope, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GroupName;

    fn sent() -> Envelope {
        let topic = Topic::new("symbol.created").unwrap();
        Envelope::new(topic, "symbol.created", "test", "x")
    }

    #[test]
    fn replayed_message_has_no_deduplication_id_msg_3() {
        let id = |envelope: &Envelope| {
            let headers = headers(envelope).unwrap();
            headers
                .get(header::NATS_MESSAGE_ID)
                .map(|id| id.as_str().to_owned())
        };
        let first = sent();
        assert_eq!(id(&first).as_deref(), Some(first.id().as_str()));
        let group = GroupName::new("audit").unwrap();
        assert_eq!(id(&sent().with_recipient(Some(group))), None);
        assert_eq!(id(&sent().with_attribute(REPLAYS, "1")), None);
        let reserved = sent().with_header("Nats-Rollup", "all");
        assert!(headers(&reserved).is_err());
    }

    #[test]
    fn attributes_keep_all_characters_msg_8() {
        let sent = sent().with_key(" a%20\"ä ").with_subject("");
        let message = async_nats::Message {
            subject: "x".into(),
            reply: None,
            payload: sent.payload().clone(),
            headers: Some(headers(&sent).unwrap()),
            status: None,
            description: None,
            length: 0,
        };
        let (arrived, problem) = envelope(sent.topic().clone(), message);
        assert_eq!(problem, None);
        assert_eq!(arrived.key(), Some(" a%20\"ä "));
        assert_eq!(arrived.subject(), Some(""));
    }
}
