use std::collections::BTreeMap;

use bytes::Bytes;
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, ShortString},
};

use super::config::RabbitmqHeaders;
use crate::{
    Envelope, Topic,
    envelope::{HeaderEncoding, attribute},
};

/// The encoding of attributes in the AMQP binding of CloudEvents.
const ENCODING: HeaderEncoding = HeaderEncoding {
    prefix: "cloudEvents_",
};
/// The header with the topic of a message that was published to a queue by name.
const TOPIC: &str = "cloudEvents_topic";
/// The AMQP delivery mode for messages on disk.
const PERSISTENT: u8 = 2;

/// Returns the AMQP properties of a message. All headers are strings, because other systems may
/// reject other types.
pub(super) fn properties(envelope: &Envelope, named: &RabbitmqHeaders) -> BasicProperties {
    let mut headers: BTreeMap<ShortString, AMQPValue> = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        if let Ok(name) = ShortString::try_new(name) {
            headers.insert(name, AMQPValue::LongString(value.into()));
        }
    };
    let correlation_id = envelope.attribute(attribute::CORRELATION_ID);
    for (name, value) in [
        (&named.message_id, Some(envelope.id().as_str())),
        (&named.topic, Some(envelope.topic().as_str())),
        (
            &named.correlation_id,
            correlation_id.or(Some(envelope.id().as_str())),
        ),
        (&named.request_id, envelope.attribute(attribute::REQUEST_ID)),
    ] {
        if let (Some(name), Some(value)) = (name, value) {
            set(name, value);
        }
    }
    if envelope.recipient().is_some() || envelope.topic().is_dead_letters() {
        set(TOPIC, envelope.topic().as_str());
    }
    for (name, value) in envelope.to_headers(ENCODING) {
        set(&name, &value);
    }
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers.into());
    if let Ok(id) = ShortString::try_new(envelope.id().as_str()) {
        properties = properties.with_message_id(id);
    }
    if let Some(Ok(id)) = correlation_id.map(ShortString::try_new) {
        properties = properties.with_correlation_id(id);
    }
    if let (false, Ok(source)) = (
        envelope.source().is_empty(),
        ShortString::try_new(envelope.source()),
    ) {
        properties = properties.with_app_id(source);
    }
    if let Some(Ok(content_type)) = envelope.content_type().map(ShortString::try_new) {
        properties = properties.with_content_type(content_type);
    }
    if let Some(seconds) = envelope
        .time()
        .and_then(|time| u64::try_from(time.timestamp()).ok())
    {
        properties = properties.with_timestamp(seconds);
    }
    properties
}

/// Decodes a delivery. Returns the envelope, and a problem if the message is invalid.
pub(super) fn envelope(
    delivery: &mut Delivery,
    named: &RabbitmqHeaders,
    fallback: &Topic,
) -> (Envelope, Option<String>) {
    let mut headers = Vec::new();
    let table = delivery.properties.headers().as_ref();
    for (name, value) in table.into_iter().flatten() {
        if let Some(text) = text(value) {
            headers.push((name.to_string(), text));
        }
    }
    let find = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    let stored = find(TOPIC).unwrap_or_else(|| delivery.routing_key.to_string());
    let (topic, problem) = match Topic::from_stored(&stored) {
        Ok(topic) => (topic, None),
        Err(error) => (fallback.clone(), Some(error.to_string())),
    };
    // Properties and headers of other systems fill missing attributes.
    let properties = &delivery.properties;
    let as_attribute = |attribute: &str, value: Option<String>| {
        value.map(|value| (format!("{}{attribute}", ENCODING.prefix), value))
    };
    let own = |name: &Option<String>| name.as_deref().and_then(find);
    let property = |value: &Option<ShortString>| {
        value
            .as_ref()
            .map(ToString::to_string)
            .filter(|text| !text.is_empty())
    };
    let foreign = [
        (
            attribute::ID,
            property(properties.message_id()).or_else(|| own(&named.message_id)),
        ),
        (
            attribute::DATA_CONTENT_TYPE,
            property(properties.content_type()),
        ),
        (
            attribute::CORRELATION_ID,
            property(properties.correlation_id()).or_else(|| own(&named.correlation_id)),
        ),
        (attribute::REQUEST_ID, own(&named.request_id)),
        (attribute::SOURCE, property(properties.app_id())),
    ];
    let foreign: Vec<_> = foreign
        .into_iter()
        .filter_map(|(name, value)| as_attribute(name, value))
        .filter(|(name, _)| find(name).is_none())
        .collect();
    headers.retain(|(name, _)| name != TOPIC);
    headers.extend(foreign);
    let payload = Bytes::from(std::mem::take(&mut delivery.data));
    (
        Envelope::from_headers(ENCODING, topic, headers, payload),
        problem,
    )
}

/// Returns the queue and the reason if the broker itself dead-lettered the message.
pub(super) fn dead_lettered_by(delivery: &Delivery) -> Option<(String, String)> {
    let headers = delivery.properties.headers().as_ref()?.inner();
    let header = |name: &str| text(headers.get(name)?);
    Some((
        header("x-first-death-queue")?,
        header("x-first-death-reason").unwrap_or_default(),
    ))
}

/// Returns how often the queue delivered the message, including this delivery.
pub(super) fn deliveries(delivery: &Delivery) -> u32 {
    let headers = delivery.properties.headers().as_ref();
    let counted = headers.and_then(|headers| headers.inner().get("x-delivery-count"));
    let before = match counted {
        Some(AMQPValue::LongLongInt(count)) => u32::try_from(*count).ok(),
        Some(AMQPValue::LongInt(count)) => u32::try_from(*count).ok(),
        Some(AMQPValue::LongUInt(count)) => Some(*count),
        Some(AMQPValue::ShortInt(count)) => u32::try_from(*count).ok(),
        Some(AMQPValue::ShortUInt(count)) => Some((*count).into()),
        Some(AMQPValue::ShortShortInt(count)) => u32::try_from(*count).ok(),
        Some(AMQPValue::ShortShortUInt(count)) => Some((*count).into()),
        _ => None,
    };
    // A classic queue only marks redeliveries.
    before
        .unwrap_or_else(|| u32::from(delivery.redelivered))
        .saturating_add(1)
}

fn text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}
