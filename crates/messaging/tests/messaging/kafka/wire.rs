//! Programs that know nothing of this framework read what it writes, and the other way round.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::{Header, Headers as _, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};

use super::{
    groups::{TIMEOUT, next, open, plan, sent, unique},
    shared,
};

fn client(address: std::net::SocketAddr) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", address.to_string())
        .set("group.id", "wire");
    client
}

#[tokio::test]
async fn messages_follow_kafka_binding_of_cloudevents_msg_6() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    drop(transport.open(plan("read", &topic, 1)).await.unwrap());
    let envelope = sent(&topic, "symbol-ä", "{}")
        .with_content_type("application/json")
        .with_header("x-own", "kept");
    let answers = transport.publish(vec![envelope.clone()]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let reader: BaseConsumer = client(server.0.address()).create().unwrap();
    let mut all = TopicPartitionList::new();
    for partition in 0..3 {
        let place = all.add_partition_offset(topic.as_str(), partition, Offset::Beginning);
        place.unwrap();
    }
    reader.assign(&all).unwrap();
    let message = reader.poll(TIMEOUT).unwrap().unwrap();
    assert_eq!(message.key(), Some("symbol-ä".as_bytes()));
    assert_eq!(message.payload(), Some(&b"{}"[..]));
    let headers = message.headers().unwrap().iter();
    let headers: BTreeMap<_, _> = headers
        .map(|header| (header.key, String::from_utf8_lossy(header.value.unwrap())))
        .collect();
    for (name, value) in [
        ("ce_specversion", "1.0"),
        ("ce_id", envelope.id().as_str()),
        ("ce_source", "test"),
        ("ce_type", "test"),
        ("ce_partitionkey", "symbol-ä"),
        ("content-type", "application/json"),
        ("x-own", "kept"),
    ] {
        assert_eq!(
            headers.get(name).map(|value| &**value),
            Some(value),
            "{name}"
        );
    }
}

#[tokio::test]
async fn foreign_message_arrives_with_its_key_msg_6() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    let session = transport.open(plan("write", &topic, 1)).await.unwrap();
    let writer: FutureProducer = client(server.0.address()).create().unwrap();
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "content-type",
            value: Some("text/plain"),
        })
        .insert(Header {
            key: "ce_type",
            value: Some(&b"\xff"[..]),
        });
    let record = FutureRecord::to(topic.as_str()).key("k").payload("x");
    let written = writer.send(record.headers(headers), Duration::ZERO).await;
    assert!(written.is_ok(), "{written:?}");
    let arrived = next(&*session).await.remove(0);
    assert_eq!(arrived.envelope.key(), Some("k"));
    assert_eq!(arrived.envelope.event_type(), topic.as_str());
    assert_eq!(arrived.envelope.content_type(), Some("text/plain"));
    let problem = arrived.problem.unwrap();
    assert!(problem.contains("ce_type"), "{problem}");
}
