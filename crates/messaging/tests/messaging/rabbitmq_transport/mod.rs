//! Tests of the RabbitMQ engine against a real broker: what the conformance suite does not cover.

mod browse;
mod legacy_exchange;
mod publish;
mod returns;

use std::{num::NonZeroU16, time::Duration};

use seaworthy_core::new_id;
use seaworthy_messaging::{
    Envelope, GroupName, MessagingConfig, Topic,
    rabbitmq::{QueueArgument, QueueConfig, RabbitmqBroker},
    transport::{Order, SubscriptionPlan, TopicPlan},
};
use seaworthy_testkit::{rabbitmq::RabbitmqServer, server::Shared};

/// Everything that a test waits for happens within this time.
const TIMEOUT: Duration = Duration::from_secs(60);

static RABBITMQ: Shared<RabbitmqServer> = Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs| {
    RabbitmqServer::start(programs)
});

/// An exchange of its own on the shared broker.
struct TestBroker {
    config: MessagingConfig,
    unique: String,
}

impl TestBroker {
    fn new() -> Option<Self> {
        let server = RABBITMQ.get()?;
        let unique = new_id().simple().to_string();
        let mut config = MessagingConfig::new(server.url().parse().unwrap());
        config.rabbitmq.exchange = format!("exchange.{unique}");
        Some(Self { config, unique })
    }

    async fn connect(&self) -> RabbitmqBroker {
        RabbitmqBroker::open(&self.config, "test").await.unwrap()
    }

    fn topic(&self, name: &str) -> Topic {
        Topic::new(&format!("{name}.{}", self.unique)).unwrap()
    }

    fn group(&self, name: &str) -> GroupName {
        GroupName::new(&format!("{name}.{}", self.unique)).unwrap()
    }

    fn plan(&self, group: &str, topics: Vec<Topic>) -> SubscriptionPlan {
        SubscriptionPlan {
            group: self.group(group),
            topics,
            prefetch: NonZeroU16::new(10).unwrap(),
            is_required: false,
            order: Order::Member,
        }
    }

    /// Bounds the queue of a group, which the group has not declared yet.
    fn set_max_length(&mut self, group: &str, max_length: i64) {
        let arguments = [("x-max-length".to_owned(), QueueArgument::Number(max_length))];
        let queue = QueueConfig {
            arguments: arguments.into(),
            ..QueueConfig::default()
        };
        let queues = &mut self.config.rabbitmq.queues;
        queues.insert(format!("{group}.{}", self.unique), queue);
    }
}

fn message(topic: &Topic, text: &str) -> Envelope {
    Envelope::new(topic.clone(), "test.happened", "test", text.to_owned())
}

fn topic_plan(topic: &Topic) -> TopicPlan {
    TopicPlan {
        topic: topic.clone(),
        allows_unroutable: false,
        groups: Vec::new(),
    }
}
