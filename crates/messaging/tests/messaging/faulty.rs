//! Real servers with faults: a proxy that disturbs a connection, and restarts.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures::future::BoxFuture;
use seaworthy_messaging::{
    conformance::{BrokerFault, FaultyBroker},
    transport::Transport,
};
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};

/// Connects twice, the first time through a proxy.
pub(crate) async fn through_proxy<F>(
    server: SocketAddr,
    connect: impl Fn(SocketAddr) -> F,
) -> FaultyBroker
where
    F: Future<Output = Arc<dyn Transport>>,
{
    let proxy = FaultProxy::start(server).await.unwrap();
    FaultyBroker {
        faulty: connect(proxy.address()).await,
        sound: connect(server).await,
        inject: by_proxy(proxy),
    }
}

/// Restarts a server on a thread that may block.
pub(crate) fn restart<S: Send + 'static>(
    server: &Arc<Mutex<S>>,
    restart: impl FnOnce(&mut S) -> io::Result<()> + Send + 'static,
) -> BoxFuture<'static, ()> {
    let server = Arc::clone(server);
    Box::pin(async move {
        let restarted = tokio::task::spawn_blocking(move || restart(&mut server.lock().unwrap()));
        restarted.await.unwrap().unwrap();
    })
}

/// Declares the measurement of `docs/benchmarks.md` on the server of `shared()`.
macro_rules! measurement {
    () => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "a measurement; run it with --ignored --nocapture"]
        async fn measures_one_key_and_many_keys() {
            if let Some(harness) = shared() {
                seaworthy_messaging::conformance::measure_one_key_and_many_keys(&harness).await;
            }
        }
    };
}
pub(crate) use measurement;

/// Disturbs the traffic of a proxy. Dropping it ends the proxy.
pub(crate) fn by_proxy(proxy: FaultProxy) -> Box<dyn Fn(BrokerFault) + Send + Sync> {
    Box::new(move |disturbance| {
        proxy.set(match disturbance {
            BrokerFault::None => Fault::none(),
            BrokerFault::Slow(latency) => Fault {
                latency,
                ..Fault::none()
            },
            BrokerFault::ResponsesLost => Fault::of(Disruption::HalfOpen),
            BrokerFault::Disconnected => Fault::of(Disruption::Down),
        });
    })
}
