//! A real RabbitMQ keeps what the port promises, also when it is killed in the middle.
#![cfg(feature = "rabbitmq")]
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod faulty;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use faulty::by_proxy;
use futures::future::BoxFuture;
use seaworthy_messaging::{
    MessagingConfig,
    conformance::{FaultyBroker, Harness},
    rabbitmq::RabbitmqBroker,
    transport::Transport,
};
use seaworthy_testkit::{fault::FaultProxy, rabbitmq::RabbitmqServer, requirement, server::Shared};

static RABBITMQ: Shared<RabbitmqServer> = Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs| {
    RabbitmqServer::start(programs)
});

struct OfAll(&'static RabbitmqServer);

impl Harness for OfAll {
    fn config(&self) -> MessagingConfig {
        MessagingConfig::at(self.0.url().parse().unwrap())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let (address, url) = (self.0.address(), |address| self.0.url_at(address));
        Box::pin(faulty(address, url))
    }
}

async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(RabbitmqBroker::open(&config, "conformance").await.unwrap())
}

/// Two connections, one of them through a proxy.
async fn faulty(server: SocketAddr, url: impl Fn(SocketAddr) -> String) -> FaultyBroker {
    let proxy = FaultProxy::start(server).await.unwrap();
    let config = |address| MessagingConfig::at(url(address).parse().unwrap());
    FaultyBroker {
        faulty: connect(config(proxy.address())).await,
        sound: connect(config(server)).await,
        disturb: by_proxy(proxy),
    }
}

/// One that may be killed.
struct Alone(Arc<Mutex<RabbitmqServer>>);

impl Harness for Alone {
    fn config(&self) -> MessagingConfig {
        let url = self.0.lock().unwrap().url();
        MessagingConfig::at(url.parse().unwrap())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let server = Arc::clone(&self.0);
        let address = server.lock().unwrap().address();
        Box::pin(faulty(address, move |address| {
            server.lock().unwrap().url_at(address)
        }))
    }

    fn settled<'a>(&'a self, group: &'a str) -> BoxFuture<'a, ()> {
        let (server, group) = (Arc::clone(&self.0), group.to_owned());
        Box::pin(async move {
            let kept = tokio::task::spawn_blocking(move || server.lock().unwrap().keeps(&group));
            kept.await.unwrap().unwrap();
        })
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
    RABBITMQ.get().map(OfAll)
}

fn alone() -> Option<Alone> {
    let programs = requirement::required("SEAWORTHY_TEST_RABBITMQ")?;
    let server = RabbitmqServer::start(programs).unwrap();
    Some(Alone(Arc::new(Mutex::new(server))))
}

seaworthy_messaging::conformance!(shared());
seaworthy_messaging::conformance_tests!(
    alone();
    a_broker_that_restarts_in_the_middle_loses_nothing_msg_1,
    publishing_while_the_broker_is_down_is_an_error_msg_2,
);
