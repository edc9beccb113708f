use bytes::Bytes;

use crate::{Envelope, Topic, envelope::HeaderEncoding};

/// The encoding of attributes. The prefix separates attributes of CloudEvents from headers.
const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce_" };
/// The field of the payload. No header can have this name.
const PAYLOAD: &str = "$payload";

/// Returns the fields of a stream entry: names and values alternate.
pub(super) fn fields(envelope: &Envelope) -> Vec<Bytes> {
    let headers = envelope.to_headers(ENCODING).into_iter();
    headers
        .flat_map(|(name, value)| [Bytes::from(name), Bytes::from(value)])
        .chain([
            Bytes::from_static(PAYLOAD.as_bytes()),
            envelope.payload().clone(),
        ])
        .collect()
}

/// Returns the message of an entry, and its problem if it is malformed.
pub(super) fn envelope(topic: Topic, fields: Vec<Vec<u8>>) -> (Envelope, Option<String>) {
    let (mut headers, mut payload, mut problem) = (Vec::new(), None, None);
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        if name == PAYLOAD.as_bytes() {
            payload = Some(Bytes::from(value));
            continue;
        }
        match (String::from_utf8(name), String::from_utf8(value)) {
            (Ok(name), Ok(value)) => headers.push((name, value)),
            _ => problem = Some("a field of the entry is not UTF-8".to_owned()),
        }
    }
    if payload.is_none() {
        problem = Some(format!("the entry has no field {PAYLOAD}"));
    }
    let envelope = Envelope::from_headers(ENCODING, topic, headers, payload.unwrap_or_default());
    (envelope, problem)
}
