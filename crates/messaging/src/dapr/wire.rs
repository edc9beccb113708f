//! The form of a message: a CloudEvent in JSON. Dapr stores it and adds its own attributes.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use prost_types::value::Kind;
use serde_json::{Map, Value};

use super::api::TopicEvent;
use crate::{
    Envelope, PublishError, Topic,
    envelope::{
        HeaderEncoding,
        attribute::{DATA_CONTENT_TYPE, ID, SOURCE, SPEC_VERSION, TRACEPARENT, TRACESTATE, TYPE},
    },
};

/// The content type for which Dapr keeps the attributes of a message.
pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json";
/// The encoding of attributes. The prefix separates attributes from headers.
const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce_" };
/// The attribute with the headers of the application: a JSON object in a string.
const HEADERS: &str = "seaworthyheaders";
/// The payload. Dapr encodes JSON again, so the payload is never in `data`.
const PAYLOAD: &str = "data_base64";
/// The attribute with the trace ID of Dapr. Without it, Dapr replaces `traceparent`.
const TRACE_ID: &str = "traceid";
/// Attributes that Dapr sets or interprets.
const RESERVED: [&str; 7] = [
    "data",
    PAYLOAD,
    "topic",
    "pubsubname",
    TRACE_ID,
    "expiration",
    HEADERS,
];

/// Returns the CloudEvent of a message.
pub(super) fn event(envelope: &Envelope) -> Result<Bytes, PublishError> {
    let (mut event, mut headers) = (Map::new(), Map::new());
    for (name, value) in envelope.to_headers(ENCODING) {
        let Some(attribute) = name.strip_prefix(ENCODING.prefix) else {
            headers.insert(name, Value::String(value));
            continue;
        };
        if RESERVED.contains(&attribute) {
            return Err(PublishError::permanent(format!(
                "the attribute {attribute:?} is reserved for Dapr: use another name"
            )));
        }
        if attribute == TRACEPARENT {
            event.insert(TRACE_ID.to_owned(), Value::String(value.clone()));
        }
        event.insert(attribute.to_owned(), Value::String(value));
    }
    if !headers.is_empty() {
        let headers = Value::Object(headers).to_string();
        event.insert(HEADERS.to_owned(), Value::String(headers));
    }
    let payload = STANDARD.encode(envelope.payload());
    event.insert(PAYLOAD.to_owned(), Value::String(payload));
    Ok(Value::Object(event).to_string().into())
}

/// Returns the message of an event, and its problem if it is malformed.
pub(super) fn envelope(topic: Topic, event: TopicEvent) -> (Envelope, Option<String>) {
    let mut own = BTreeMap::new();
    let mut problem = None;
    let extensions = event.extensions.unwrap_or_default().fields;
    for (name, value) in extensions {
        let value = text(value.kind);
        if name == HEADERS {
            match serde_json::from_str::<BTreeMap<String, String>>(&value) {
                Ok(headers) => own.extend(headers),
                Err(error) => {
                    problem = Some(format!("the attribute {HEADERS} is invalid: {error}"))
                }
            }
            continue;
        }
        let is_empty_trace = value.is_empty() && [TRACEPARENT, TRACESTATE].contains(&&*name);
        if !is_empty_trace && !RESERVED.contains(&&*name) {
            own.insert(format!("{}{name}", ENCODING.prefix), value);
        }
    }
    for (name, value) in [
        (ID, event.id),
        (SOURCE, event.source),
        (TYPE, event.event_type),
        (DATA_CONTENT_TYPE, event.content_type),
    ] {
        if !value.is_empty() {
            own.insert(format!("{}{name}", ENCODING.prefix), value);
        }
    }
    own.remove(&format!("{}{SPEC_VERSION}", ENCODING.prefix));
    let envelope = Envelope::from_headers(ENCODING, topic, own, event.data);
    (envelope, problem)
}

/// Returns the message of an event in the form of [`event`].
pub(super) fn from_stored(topic: Topic, event: &[u8]) -> Result<Envelope, String> {
    let invalid = |error: &dyn std::fmt::Display| format!("a stored event is invalid: {error}");
    let event: BTreeMap<String, String> =
        serde_json::from_slice(event).map_err(|error| invalid(&error))?;
    let (mut own, mut payload) = (BTreeMap::new(), Vec::new());
    for (name, value) in event {
        match &*name {
            PAYLOAD => payload = STANDARD.decode(value).map_err(|error| invalid(&error))?,
            HEADERS => {
                let headers: BTreeMap<String, String> =
                    serde_json::from_str(&value).map_err(|error| invalid(&error))?;
                own.extend(headers);
            }
            TRACE_ID => {}
            _ => {
                own.insert(format!("{}{name}", ENCODING.prefix), value);
            }
        }
    }
    Ok(Envelope::from_headers(ENCODING, topic, own, payload.into()))
}

fn text(kind: Option<Kind>) -> String {
    match kind {
        Some(Kind::StringValue(text)) => text,
        Some(Kind::BoolValue(value)) => value.to_string(),
        Some(Kind::NumberValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use prost_types::{Struct, Value as Extension};

    use super::*;
    use crate::MessageId;

    fn sent() -> Envelope {
        let topic = Topic::new("order.placed").unwrap();
        let id = MessageId::parse("order-7").unwrap();
        Envelope::new(topic, "order.placed", "orders", vec![0, 255]).with_id(id)
    }

    fn json(envelope: &Envelope) -> Value {
        serde_json::from_slice(&event(envelope).unwrap()).unwrap()
    }

    #[test]
    fn message_is_cloud_event_for_every_consumer_msg_6() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let sent = sent()
            .with_key("customer 3")
            .with_attribute(TRACEPARENT, trace)
            .with_header("x-own", "ä");
        let json = json(&sent);
        for (name, value) in [
            ("specversion", "1.0"),
            ("id", "order-7"),
            ("source", "orders"),
            ("type", "order.placed"),
            ("partitionkey", "customer 3"),
            ("data_base64", "AP8="),
            ("traceparent", trace),
            ("traceid", trace),
            ("seaworthyheaders", "{\"x-own\":\"ä\"}"),
        ] {
            assert_eq!(
                json.get(name).and_then(Value::as_str),
                Some(value),
                "{name}"
            );
        }
        assert!(json.get("x-own").is_none(), "{json}");
    }

    #[test]
    fn stored_event_is_the_message_msg_3() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let sent = sent()
            .with_key("customer 3")
            .with_attribute(TRACEPARENT, trace)
            .with_attribute("deadgroup", "mails")
            .with_header("x-own", "ä");
        let read = from_stored(sent.topic().clone(), &event(&sent).unwrap()).unwrap();
        assert_eq!(read.id(), sent.id());
        assert_eq!(read.key(), Some("customer 3"));
        assert_eq!(read.attribute("deadgroup"), Some("mails"));
        assert_eq!(read.header("x-own"), Some("ä"));
        assert_eq!(read.payload(), sent.payload());
        assert_eq!(event(&read).unwrap(), event(&sent).unwrap());
        assert!(from_stored(sent.topic().clone(), b"[]").is_err());
    }

    #[test]
    fn attribute_of_dapr_is_rejected_msg_2() {
        for name in RESERVED {
            let error = event(&sent().with_attribute(name, "x")).unwrap_err();
            assert!(!error.is_transient(), "{name}: {error:?}");
        }
    }

    fn arrived(extensions: &[(&str, Kind)]) -> (Envelope, Option<String>) {
        let fields = extensions.iter().map(|(name, kind)| {
            let kind = Some(kind.clone());
            ((*name).to_owned(), Extension { kind })
        });
        let event = TopicEvent {
            id: "1".to_owned(),
            extensions: Some(Struct {
                fields: fields.collect(),
            }),
            ..TopicEvent::default()
        };
        envelope(Topic::new("order.placed").unwrap(), event)
    }

    #[test]
    fn attributes_of_other_applications_are_kept_msg_8() {
        let text = |text: &str| Kind::StringValue(text.to_owned());
        let (envelope, problem) = arrived(&[
            ("traceparent", text("")),
            ("tracestate", text("")),
            ("pubsubname", text("pubsub")),
            ("priority", Kind::NumberValue(7.0)),
            ("urgent", Kind::BoolValue(true)),
            ("region", text("Lyon")),
        ]);
        assert_eq!(problem, None);
        assert_eq!(envelope.attribute("priority"), Some("7"));
        assert_eq!(envelope.attribute("urgent"), Some("true"));
        assert_eq!(envelope.attribute("region"), Some("Lyon"));
        for absent in ["traceparent", "tracestate", "pubsubname"] {
            assert_eq!(envelope.attribute(absent), None, "{absent}");
        }
    }

    #[test]
    fn malformed_headers_are_a_problem_msg_3() {
        let (envelope, problem) = arrived(&[(HEADERS, Kind::StringValue("[]".to_owned()))]);
        assert!(problem.unwrap().contains(HEADERS));
        assert_eq!(envelope.id().as_str(), "1");
    }
}
