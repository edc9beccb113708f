//! Both programs on MariaDB, and on a RabbitMQ that they share with legacy programs.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind,
    message::BasicGetMessage,
    options::{
        BasicGetOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use prost::Message as _;
use seaworthy_testkit::{
    app::TestApp,
    http::{get, request},
    mariadb::MariadbServer,
    rabbitmq::RabbitmqServer,
    requirement::required,
    server::Shared,
};

use crate::{
    app::{SymbolsApp, symbol},
    contract::events::symbols::v1::{SymbolCreated, SymbolDeleted, SymbolUpdated},
    worker::{History, TIMEOUT, start_worker},
};

static RABBITMQ: Shared<RabbitmqServer> = Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs| {
    RabbitmqServer::start(programs)
});
static MARIADB: Shared<MariadbServer> = Shared::new("SEAWORTHY_TEST_MARIADB", |program| {
    MariadbServer::start(program)
});
/// Numbers the exchanges and queues of the tests.
static NEXT_NUMBER: AtomicU32 = AtomicU32::new(0);

const REQUEST_ID: &str = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";

/// The database, exchange and queue of a test.
struct TestBroker {
    url: String,
    database: String,
    exchange: String,
    queue: String,
    channel: Channel,
    _connection: Connection,
}

impl TestBroker {
    async fn on(rabbitmq: &RabbitmqServer) -> Option<Self> {
        let database = MARIADB.get()?.database("symbols").unwrap();
        let url = rabbitmq.url();
        let connection = Connection::connect(&url, ConnectionProperties::default());
        let connection = connection.await.unwrap();
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            url,
            database,
            exchange: format!("lifecycle_events_{number}"),
            queue: format!("lifecycle_event_queue_{number}"),
            channel: connection.create_channel().await.unwrap(),
            _connection: connection,
        })
    }

    async fn new() -> Option<Self> {
        Self::on(RABBITMQ.get()?).await
    }

    fn settings(&self) -> Vec<String> {
        vec![
            format!("database.url={}", self.database),
            format!("broker.url={}", self.url),
            format!("broker.rabbitmq.exchange={}", self.exchange),
            "outbox.relay.claim_ttl=1s".to_owned(),
        ]
    }

    fn service(&self) -> SymbolsApp {
        let settings = self.settings();
        let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
        SymbolsApp::start(&arguments)
    }

    /// Starts the worker in the database of the service.
    fn worker(&self, service: &SymbolsApp) -> TestApp {
        let mut settings = self.settings();
        settings.truncate(3);
        settings.push(format!("queue.name={}", self.queue));
        let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
        start_worker(service.directory(), &arguments)
    }

    /// Declares the exchange and the queue as legacy programs do.
    async fn declare_legacy_queue(&self) {
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let none = FieldTable::default;
        let (channel, exchange, queue) = (&self.channel, &*self.exchange, &*self.queue);
        let declared =
            channel.exchange_declare(exchange.into(), ExchangeKind::Fanout, durable, none());
        declared.await.unwrap();
        let declared = channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), none());
        declared.await.unwrap();
        let bound = channel.queue_bind(
            queue.into(),
            exchange.into(),
            "symbols.#".into(),
            QueueBindOptions::default(),
            none(),
        );
        bound.await.unwrap();
    }

    /// Waits for the next message of a queue.
    async fn next_message(&self, queue: &str) -> BasicGetMessage {
        let start = Instant::now();
        loop {
            let options = BasicGetOptions { no_ack: true };
            if let Some(message) = self.channel.basic_get(queue.into(), options).await.unwrap() {
                return message;
            }
            assert!(start.elapsed() < TIMEOUT, "no message in {queue}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Publishes a message as legacy programs do.
    async fn publish(&self, topic: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            let value = AMQPValue::LongString((*value).into());
            table.insert((*name).into(), value);
        }
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_headers(table);
        let published = self.channel.basic_publish(
            self.exchange.as_str().into(),
            topic.into(),
            BasicPublishOptions::default(),
            body,
            properties,
        );
        published.await.unwrap().await.unwrap();
    }
}

fn header(message: &BasicGetMessage, name: &str) -> String {
    let headers = message.delivery.properties.headers().as_ref().unwrap();
    match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_consumers_read_the_messages_msg_6() {
    let Some(mut broker) = TestBroker::new().await else {
        return;
    };
    // Legacy deployments have this URL of the default virtual host.
    broker.url = broker.url.replace("/%2f", "/");
    broker.declare_legacy_queue().await;
    let service = broker.service();
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", REQUEST_ID),
    ];
    let created = request(service.http, "POST", "/v1/symbols", &headers, &symbol(7, 1)).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    assert_eq!(
        service.send("PUT", "/v1/symbols/1", &symbol(8, 2)).status,
        200
    );
    assert_eq!(service.send("DELETE", "/v1/symbols/1", "").status, 200);

    let mut seen = Vec::new();
    for topic in ["symbol.created", "symbol.updated", "symbol.deleted"] {
        let message = broker.next_message(&broker.queue).await;
        let delivery = &message.delivery;
        assert_eq!(delivery.exchange.as_str(), broker.exchange);
        assert_eq!(delivery.routing_key.as_str(), topic);
        assert_eq!(*delivery.properties.delivery_mode(), Some(2));
        assert_eq!(header(&message, "routing_key"), topic);
        for id in ["_watermill_message_uuid", "correlation_id"] {
            let id = header(&message, id);
            assert!(seaworthy::data::uuid::Uuid::parse_str(&id).is_ok(), "{id}");
        }
        let id = header(&message, "_watermill_message_uuid");
        assert!(!seen.contains(&id), "{seen:?}");
        seen.push(id);
        if topic == "symbol.created" {
            assert_eq!(header(&message, "request_id"), REQUEST_ID);
        } else {
            assert_eq!(header(&message, "request_id").len(), 36);
        }
        // The library of legacy consumers rejects and requeues messages with other header types.
        let headers = delivery.properties.headers().as_ref().unwrap();
        for (name, value) in headers {
            assert!(
                matches!(value, AMQPValue::LongString(_)),
                "{name}: {value:?}"
            );
        }
        let body = delivery.data.as_slice();
        let (id, project, uid) = match topic {
            "symbol.created" => {
                let event = SymbolCreated::decode(body).unwrap();
                assert_eq!((event.label.as_str(), event.version), ("Hero", 1));
                assert!(event.created_at.is_some());
                (event.id, event.project_id, event.uid)
            }
            "symbol.updated" => {
                let event = SymbolUpdated::decode(body).unwrap();
                assert_eq!((event.class_name.as_str(), event.version), ("c-hero", 1));
                assert!(event.updated_at.is_some());
                (event.id, event.project_id, event.uid)
            }
            _ => {
                let event = SymbolDeleted::decode(body).unwrap();
                assert!(event.deleted_at.is_some());
                (event.id, event.project_id, event.uid)
            }
        };
        let (expected, number) = if topic == "symbol.created" {
            (7, 1)
        } else {
            (8, 2)
        };
        assert_eq!((id, project), (1, expected));
        assert_eq!(uid, format!("00000000-0000-4000-8000-{number:012}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_consumes_legacy_queue_and_messages_msg_6() {
    let Some(broker) = TestBroker::new().await else {
        return;
    };
    broker.declare_legacy_queue().await;
    let service = broker.service();
    let mut worker = broker.worker(&service);
    let event = SymbolDeleted {
        id: 42,
        project_id: 7,
        uid: "1b4e28ba-2fa1-4d1c-883f-0016d3cca427".to_owned(),
        deleted_at: None,
    };
    let id = "5f0f7a0e-0b1c-4d6f-9a55-0d7f7b1c2d3e";
    let headers = [
        ("_watermill_message_uuid", id),
        ("correlation_id", "c5b8a2b0-6d55-4c8e-8f2b-4a9d0d1f6e77"),
        ("routing_key", "symbol.deleted"),
        ("request_id", REQUEST_ID),
    ];
    // The inbox ignores the second copy.
    for _ in 0..2 {
        let body = event.encode_to_vec();
        broker.publish("symbol.deleted", &headers, &body).await;
    }
    let line = worker.process.line("duplicate event ignored");
    assert!(line.unwrap().contains(REQUEST_ID));
    let history = History::open(&broker.database).await;
    let entries = history.wait_for(1).await;
    let expected = (
        "symbol.deleted".to_owned(),
        42,
        event.uid.clone(),
        Some(REQUEST_ID.to_owned()),
    );
    assert_eq!(entries, [expected]);

    // A malformed message becomes a dead letter and does not block others.
    broker
        .publish("symbol.created", &headers[2..3], b"\xff\xff")
        .await;
    let letter = broker.next_message("symbol.created.dlq").await;
    assert_eq!(letter.delivery.data, b"\xff\xff");
    service.create(7, 1);
    let entries = history.wait_for(2).await;
    assert_eq!(entries[1].0, "symbol.created");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_succeed_without_broker_and_events_follow_msg_4() {
    let Some(programs) = required("SEAWORTHY_TEST_RABBITMQ") else {
        return;
    };
    let mut rabbitmq = RabbitmqServer::start(programs).unwrap();
    let Some(broker) = TestBroker::on(&rabbitmq).await else {
        return;
    };
    let service = broker.service();
    let worker = broker.worker(&service);
    service.create(7, 1);
    let history = History::open(&broker.database).await;
    history.wait_for(1).await;

    rabbitmq.kill();
    for number in 2..=6 {
        service.create(7, number);
    }
    assert_eq!(history.entries().await.len(), 1);
    // The service stays ready. The worker is alive and not ready.
    assert_eq!(get(service.admin, "/readyz").unwrap().status, 200);
    let start = Instant::now();
    while get(worker.admin, "/readyz").unwrap().status == 200 {
        assert!(start.elapsed() < TIMEOUT, "the worker is still ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    loop {
        let ready = get(service.admin, "/readyz").unwrap();
        assert_eq!(ready.status, 200, "{}", ready.body);
        if ready.body.contains("degraded") {
            break;
        }
        assert!(start.elapsed() < TIMEOUT, "{}", ready.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    rabbitmq.restart().unwrap();
    assert_eq!(history.wait_for_symbols(6).await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_service_loses_no_event_msg_4() {
    let Some(broker) = TestBroker::new().await else {
        return;
    };
    let mut service = broker.service();
    let worker = broker.worker(&service);
    let settings = broker.settings();
    let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
    let mut number = 0;
    for _ in 0..3 {
        // The relay has not published the last ones when the process is killed.
        for _ in 0..20 {
            number += 1;
            service.create(7, number);
        }
        service = service.restart_with(&arguments);
    }
    let history = History::open(&broker.database).await;
    let all: Vec<_> = (1..=i64::from(number)).collect();
    assert_eq!(history.wait_for_symbols(number).await, all);
    drop((service, worker));
}
