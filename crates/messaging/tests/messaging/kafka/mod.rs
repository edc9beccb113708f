//! The conformance suite on a real Kafka, which the tests also kill.

mod cluster;
mod groups;
mod wire;

use std::{
    io::ErrorKind,
    num::NonZeroU16,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use seaworthy_core::{ByteSize, Timeout};
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

use crate::faulty::{by_proxy, restart};

static KAFKA: Shared<KafkaServer> = Shared::new("SEAWORTHY_TEST_KAFKA", KafkaServer::start);

fn config(url: &str) -> MessagingConfig {
    let mut config = MessagingConfig::new(url.parse().unwrap());
    // The minimum of Kafka, so that members learn of rebalances soon.
    config.kafka.session_timeout = Timeout::from_secs(6);
    // Fewer than the default, because the server shares its machine with the tests.
    config.kafka.partitions = NonZeroU16::new(3).unwrap();
    // A server that starts on a busy machine is slow.
    config.kafka.timeout = Timeout::from_secs(20);
    config
}

async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(KafkaBroker::open(&config, "conformance").await.unwrap())
}

/// Smaller than a batch of a partition, larger than a message, in bytes.
const SMALL_MESSAGE_SIZE: ByteSize = ByteSize::kibibytes(8);
/// Longer than another process uses the port of the proxy for a connection.
const BIND_TIMEOUT: Duration = Duration::from_secs(30);

/// Two connections, the first one through a proxy. An idempotent producer keeps its order over
/// network faults, so the topics of the second connection also refuse large requests.
async fn faulty(sound: MessagingConfig, proxied: ProxiedListener) -> FaultyBroker {
    let ProxiedListener {
        advertised,
        listening,
    } = proxied;
    let deadline = Instant::now() + BIND_TIMEOUT;
    let proxy = loop {
        match FaultProxy::start_at(advertised, listening).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            started => break started.unwrap(),
        }
    };
    let sound = MessagingConfig {
        max_message_size: SMALL_MESSAGE_SIZE,
        ..sound
    };
    FaultyBroker {
        faulty: connect(config(&format!("kafka://{advertised}"))).await,
        sound: connect(sound).await,
        inject: by_proxy(proxy),
    }
}

struct SharedServer(&'static KafkaServer);

impl Harness for SharedServer {
    fn receives_new_topics(&self) -> bool {
        false
    }

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

/// A server of its own, which the test may kill.
struct OwnServer(Arc<Mutex<KafkaServer>>);

impl Harness for OwnServer {
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
        Some(restart(&self.0, KafkaServer::restart))
    }
}

fn shared() -> Option<SharedServer> {
    KAFKA.get().map(SharedServer)
}

fn own() -> Option<OwnServer> {
    let program = requirement::required("SEAWORTHY_TEST_KAFKA")?;
    let server = KafkaServer::start(program).unwrap();
    Some(OwnServer(Arc::new(Mutex::new(server))))
}

crate::faulty::measurement!();

seaworthy_messaging::conformance!(shared(), own());
