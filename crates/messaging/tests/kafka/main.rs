//! A real Kafka keeps what the port promises, also when it is killed in the middle.
#![cfg(feature = "kafka")]
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod cluster;
#[path = "../faulty/mod.rs"]
mod faulty;
mod groups;
mod wire;

use std::{
    num::NonZeroU16,
    sync::{Arc, Mutex},
};

use faulty::by_proxy;
use futures::future::BoxFuture;
use seaworthy_core::Timeout;
use seaworthy_messaging::{
    MessagingConfig,
    conformance::{FaultyBroker, Harness},
    kafka::KafkaBroker,
    transport::Transport,
};
use seaworthy_testkit::{
    fault::FaultProxy,
    kafka::{KafkaServer, ProxiedListener},
    requirement,
    server::Shared,
};

static KAFKA: Shared<KafkaServer> = Shared::new("SEAWORTHY_TEST_KAFKA", KafkaServer::start);

fn config(url: &str) -> MessagingConfig {
    let mut config = MessagingConfig::new(url.parse().unwrap());
    // The shortest that Kafka takes: members hear soon that others have come or gone.
    config.kafka.lease = Timeout::from_secs(6);
    // Fewer than by default, for a server that shares its machine with the tests.
    config.kafka.partitions = NonZeroU16::new(3).unwrap();
    // A server that starts on a busy machine takes longer than one that runs.
    config.kafka.timeout = Timeout::from_secs(20);
    config
}

async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(KafkaBroker::open(&config, "conformance").await.unwrap())
}

/// Two connections, one of them through a proxy.
async fn faulty(sound: MessagingConfig, proxied: ProxiedListener) -> FaultyBroker {
    let ProxiedListener {
        advertised,
        listening,
    } = proxied;
    let proxy = FaultProxy::start_at(advertised, listening).await.unwrap();
    FaultyBroker {
        faulty: connect(config(&format!("kafka://{advertised}"))).await,
        sound: connect(sound).await,
        disturb: by_proxy(proxy),
    }
}

struct OfAll(&'static KafkaServer);

impl Harness for OfAll {
    fn config(&self) -> MessagingConfig {
        config(&self.0.url())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let proxied = self.0.proxied();
        Box::pin(faulty(self.config(), proxied))
    }
}

/// One that may be killed.
struct Alone(Arc<Mutex<KafkaServer>>);

impl Harness for Alone {
    fn config(&self) -> MessagingConfig {
        config(&self.0.lock().unwrap().url())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let proxied = self.0.lock().unwrap().proxied();
        Box::pin(faulty(self.config(), proxied))
    }

    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        let server = Arc::clone(&self.0);
        Some(Box::pin(async move {
            let restarted = tokio::task::spawn_blocking(move || server.lock().unwrap().restart());
            restarted.await.unwrap().unwrap();
        }))
    }
}

fn shared() -> Option<OfAll> {
    KAFKA.get().map(OfAll)
}

fn alone() -> Option<Alone> {
    let program = requirement::required("SEAWORTHY_TEST_KAFKA")?;
    let server = KafkaServer::start(program).unwrap();
    Some(Alone(Arc::new(Mutex::new(server))))
}

seaworthy_messaging::conformance!(shared(), alone());
