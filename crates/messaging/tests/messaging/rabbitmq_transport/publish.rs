use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::join_all;
use lapin::{
    Channel, Connection, ConnectionProperties,
    options::{QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use seaworthy_messaging::{
    Envelope, PublishError, Topic,
    transport::{Deliveries, Transport},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{TIMEOUT, TestBroker, message, topic_plan};

const PUBLISHERS: usize = 40;
const ROUNDS: usize = 40;
const TOPICS: usize = 20;

/// A classic queue: the broker confirms its messages at another time than those of a quorum queue.
async fn bind_classic_queue(broker: &TestBroker, topic: &Topic) -> Channel {
    let url = broker.config.url.with_credentials(None).unwrap();
    let connected = Connection::connect(url.as_str(), ConnectionProperties::default());
    let channel = connected.await.unwrap().create_channel().await.unwrap();
    let options = QueueDeclareOptions::durable();
    let declared = channel.queue_declare(topic.as_str().into(), options, FieldTable::default());
    declared.await.unwrap();
    let exchange = broker.config.rabbitmq.exchange.as_str();
    let bound = channel.queue_bind(
        topic.as_str().into(),
        exchange.into(),
        topic.as_str().into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    bound.await.unwrap();
    channel
}

fn reason(answer: &Result<(), PublishError>) -> &'static str {
    answer.as_ref().map_or_else(PublishError::reason, |()| "ok")
}

/// Every third topic has a quorum queue, every third a classic one, and every third none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returned_messages_belong_to_unroutable_topics_msg_2() {
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let topics: Vec<Topic> = (0..TOPICS)
        .map(|number| broker.topic(&format!("topic{number}")))
        .collect();
    let quorum = topics.iter().step_by(3).cloned().collect();
    let transport = Arc::new(broker.connect().await);
    let plans = topics.iter().map(topic_plan).collect();
    transport.declare(plans).await.unwrap();
    let _deliveries = transport.open(broker.plan("group", quorum)).await.unwrap();
    let mut channels = Vec::new();
    for topic in topics.iter().skip(1).step_by(3) {
        channels.push(bind_classic_queue(&broker, topic).await);
    }
    let publishers = (0..PUBLISHERS).map(|publisher| {
        let (transport, topics) = (Arc::clone(&transport), topics.clone());
        tokio::spawn(async move {
            let mut wrong = Vec::new();
            for round in 0..ROUNDS {
                // Batches of different lengths, each beginning with another topic.
                let length = (publisher + round) % TOPICS + 1;
                let chosen: Vec<usize> = (0..length)
                    .map(|place| (publisher * 7 + round * 3 + place) % TOPICS)
                    .collect();
                let of_topics = chosen.iter().filter_map(|number| topics.get(*number));
                let batch = of_topics.map(|topic| message(topic, "text")).collect();
                let answers = transport.publish(batch).await;
                assert_eq!(answers.len(), chosen.len());
                for (number, answer) in chosen.into_iter().zip(&answers) {
                    let expected = if number % 3 == 2 { "unroutable" } else { "ok" };
                    if reason(answer) != expected {
                        wrong.push((number, format!("{answer:?}")));
                    }
                }
            }
            wrong
        })
    });
    let all = timeout(TIMEOUT, join_all(publishers)).await.unwrap();
    let wrong: Vec<_> = all.into_iter().flat_map(Result::unwrap).collect();
    assert!(
        wrong.is_empty(),
        "{} wrong: {:?}",
        wrong.len(),
        wrong.first()
    );
}

/// Publishes until no message fails transiently. Returns the final reply for each.
async fn publish_until_final(transport: &dyn Transport, batch: &[Envelope]) -> Vec<&'static str> {
    let mut reasons = vec!["unavailable"; batch.len()];
    while reasons.contains(&"unavailable") {
        let open: Vec<usize> = (0..batch.len())
            .filter(|place| reasons[*place] == "unavailable")
            .collect();
        let again = open.iter().map(|place| batch[*place].clone()).collect();
        for (place, answer) in open.into_iter().zip(transport.publish(again).await) {
            reasons[place] = reason(&answer);
        }
    }
    reasons
}

/// RabbitMQ closes the channel for a message above its limit of 128 MiB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_rejected_message_leaves_its_batch_publishable_msg_4() {
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let topic = broker.topic("topic");
    let transport = broker.connect().await;
    let plan = broker.plan("group", vec![topic.clone()]);
    let _deliveries = transport.open(plan).await.unwrap();
    let rejected = 17;
    let batch: Vec<Envelope> = (0..100)
        .map(|number| match number {
            17 => Envelope::new(topic.clone(), "test.happened", "test", too_large()),
            number => message(&topic, &number.to_string()),
        })
        .collect();
    let reasons = timeout(TIMEOUT, publish_until_final(&transport, &batch)).await;
    let reasons = reasons.unwrap();
    for (place, reason) in reasons.into_iter().enumerate() {
        let expected = if place == rejected { "permanent" } else { "ok" };
        assert_eq!(reason, expected, "message {place}");
    }
}

fn too_large() -> Vec<u8> {
    vec![0; 135 * 1024 * 1024]
}

async fn take(deliveries: &dyn Deliveries) -> usize {
    let batch = timeout(TIMEOUT, deliveries.next()).await.unwrap().unwrap();
    let count = batch.len();
    let tags = batch.into_iter().map(|delivery| delivery.tag).collect();
    deliveries.acknowledge(tags).await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_queue_rejects_only_its_topic_msg_4() {
    let Some(mut broker) = TestBroker::new() else {
        return;
    };
    broker.set_max_length("full", 1);
    let (full, free) = (broker.topic("full"), broker.topic("free"));
    let transport = broker.connect().await;
    let plan = broker.plan("full", vec![full.clone()]);
    let deliveries = transport.open(plan).await.unwrap();
    let plan = broker.plan("free", vec![free.clone()]);
    let _free_deliveries = transport.open(plan).await.unwrap();
    let publish = async || {
        let batch = vec![message(&full, "full"), message(&free, "free")];
        transport.publish(batch).await
    };
    let mut taken = 0;
    // Deliveries without an acknowledgement count for the length of the queue.
    let mut attempts = 0;
    loop {
        let answers = publish().await;
        assert_eq!(reason(&answers[1]), "ok", "{answers:?}");
        attempts += 1;
        match &answers[0] {
            Ok(()) => taken += 1,
            Err(PublishError::QueueFull { topic }) => {
                assert_eq!(topic, &full);
                break;
            }
            Err(error) => panic!("{error:?}"),
        }
        assert!(attempts < 100, "the queue is never full");
    }
    while taken > 0 {
        taken -= take(&*deliveries).await;
    }
    let again = async {
        while publish().await[0].is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(TIMEOUT, again).await.unwrap();
}

/// Passes connections to a broker. Returns its URL, and how often bytes arrived from clients.
async fn counting_proxy(url: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (start, rest) = url.split_once('@').unwrap();
    let (server, path) = rest.split_once('/').unwrap();
    let url = format!("{start}@{}/{path}", listener.local_addr().unwrap());
    let (server, arrivals) = (server.to_owned(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&arrivals);
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&server).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                    counted.fetch_add(1, Ordering::Relaxed);
                    to_server.write_all(&buffer[..length]).await.unwrap();
                }
            });
        }
    });
    (url, arrivals)
}

/// The client writes the messages of a batch together. Otherwise each needs a system call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_batch_is_written_together_and_in_order_msg_1() {
    let Some(mut broker) = TestBroker::new() else {
        return;
    };
    let url = broker.config.url.with_credentials(None).unwrap();
    let (url, arrivals) = counting_proxy(url.as_str()).await;
    broker.config.url = url.parse().unwrap();
    let topic = broker.topic("topic");
    let transport = broker.connect().await;
    let plan = broker.plan("group", vec![topic.clone()]);
    let deliveries = transport.open(plan).await.unwrap();
    let texts: Vec<String> = (0..500).map(|number| format!("{number:1024}")).collect();
    let batch = texts.iter().map(|text| message(&topic, text)).collect();
    let before = arrivals.load(Ordering::Relaxed);
    let answers = transport.publish(batch).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let writes = arrivals.load(Ordering::Relaxed) - before;
    assert!(writes < 250, "{writes} writes for 500 messages");
    let mut received = Vec::new();
    while received.len() < texts.len() {
        let next = timeout(TIMEOUT, deliveries.next()).await.unwrap().unwrap();
        let tags = next.iter().map(|delivery| delivery.tag).collect();
        received.extend(
            next.into_iter()
                .map(|delivery| String::from_utf8(delivery.envelope.payload().to_vec()).unwrap()),
        );
        deliveries.acknowledge(tags).await.unwrap();
    }
    assert!(received == texts, "the messages are not in order");
}
