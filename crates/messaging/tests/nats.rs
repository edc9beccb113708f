//! A real NATS keeps what the port promises, also when it is restarted in the middle. It is stopped and not killed: version 2.9 confirms what it has not given to the system yet, and a
//! killed one loses that.
#![cfg(feature = "nats")]
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod faulty;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use faulty::by_proxy;
use futures::{TryStreamExt as _, future::BoxFuture};
use seaworthy_core::Timeout;
use seaworthy_messaging::{
    MessagingConfig, Topic,
    conformance::{FaultyBroker, Harness},
    nats::NatsBroker,
    transport::Transport,
};
use seaworthy_testkit::{fault::FaultProxy, nats::NatsServer, requirement, server::Shared};

/// NATS starts faster than a publisher gives up, so an outage that is to be noticed lasts longer than any test lets publishing take.
const OUTAGE: Duration = Duration::from_secs(1);

static NATS: Shared<NatsServer> = Shared::new("SEAWORTHY_TEST_NATS", NatsServer::start);

fn config(url: &str) -> MessagingConfig {
    let mut config = MessagingConfig::new(url.parse().unwrap());
    // Members that die in a test give their messages back soon.
    config.nats.lease = Timeout::from_secs(2);
    config
}

async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(NatsBroker::open(&config, "conformance").await.unwrap())
}

/// The limit of a server with its default settings, in bytes.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// Two connections, one of them through a proxy.
async fn faulty(server: SocketAddr) -> FaultyBroker {
    let proxy = FaultProxy::start(server).await.unwrap();
    let config = |address: SocketAddr| config(&format!("nats://{address}"));
    FaultyBroker {
        faulty: connect(config(proxy.address())).await,
        sound: connect(config(server)).await,
        disturb: by_proxy(proxy),
    }
}

struct OfAll(&'static NatsServer);

impl Harness for OfAll {
    fn config(&self) -> MessagingConfig {
        config(&self.0.url())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(faulty(self.0.address()))
    }

    fn has_store<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let client = async_nats::connect(self.0.url()).await.unwrap();
            let context = async_nats::jetstream::new(client);
            let names: Vec<_> = context.stream_names().try_collect().await.unwrap();
            let unique = topic.as_str().split('.').nth(1).unwrap();
            names.iter().any(|name| name.contains(unique))
        })
    }

    fn refused_size(&self) -> Option<usize> {
        Some(MAX_PAYLOAD)
    }
}

/// One that may be stopped.
struct Alone(Arc<Mutex<NatsServer>>);

impl Harness for Alone {
    fn config(&self) -> MessagingConfig {
        config(&self.0.lock().unwrap().url())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(faulty(self.0.lock().unwrap().address()))
    }

    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        let server = Arc::clone(&self.0);
        Some(Box::pin(async move {
            let restarted = tokio::task::spawn_blocking(move || {
                let mut server = server.lock().unwrap();
                server.stop();
                std::thread::sleep(OUTAGE);
                server.restart()
            });
            restarted.await.unwrap().unwrap();
        }))
    }
}

fn shared() -> Option<OfAll> {
    NATS.get().map(OfAll)
}

fn alone() -> Option<Alone> {
    let program = requirement::required("SEAWORTHY_TEST_NATS")?;
    let server = NatsServer::start(program).unwrap();
    Some(Alone(Arc::new(Mutex::new(server))))
}

seaworthy_messaging::conformance!(shared(), alone());
