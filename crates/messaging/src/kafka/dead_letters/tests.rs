use seaworthy_testkit::{
    fault::{Disruption, Fault, FaultProxy},
    kafka::KafkaServer,
    requirement,
};
use tokio::{task, time};

use super::*;
use crate::{
    MessagingConfig,
    kafka::{KafkaBroker, client::Clients, names::Names},
    transport::Transport as _,
};

/// Maximum wait, longer than a reconnect takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The first connection of the reading client is reset. The client reports that all brokers are
/// down, and reconnects.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsing_survives_lost_connection_msg_3() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let server = KafkaServer::start(program).unwrap();
    let topic = Topic::new("lost.connection").unwrap().dead_letters();
    let config = MessagingConfig::new(server.url().parse().unwrap());
    let broker = KafkaBroker::open(&config, "test").await.unwrap();
    let letter = Envelope::new(topic.clone(), "test", "test", "letter");
    let published = broker.publish(vec![letter]).await;
    assert!(published.iter().all(Result::is_ok), "{published:?}");

    let proxied = server.proxied();
    let proxy = FaultProxy::start_at(proxied.advertised, proxied.listening);
    let proxy = proxy.await.unwrap();
    proxy.set(Fault::of(Disruption::Down));
    let url = format!("kafka://{}", proxied.advertised);
    let config = MessagingConfig::new(url.parse().unwrap());
    let store = Store {
        name: Names::new(&config.kafka.prefix).unwrap().topic(&topic),
        topic,
        partitions: vec![0],
        client: Clients::new(&config, "test").unwrap().reading(),
        timeout: TIMEOUT,
    };
    let browsing = task::spawn_blocking(move || store.browse(None, 10));
    let connected = async {
        while proxy.connections() < 2 {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(TIMEOUT, connected).await.unwrap();
    proxy.heal();
    let letters = browsing.await.unwrap().unwrap();
    assert_eq!(letters.len(), 1);
}
