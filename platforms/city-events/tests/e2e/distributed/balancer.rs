use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use seaworthy_testkit::http;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::cluster::Addresses;

/// Interval of readiness probes. An orchestrator probes less often, and services wait for it when
/// they stop.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// One address for all replicas of a service. It forwards each new connection to the next ready
/// replica.
pub(crate) struct Balancer(Vec<JoinHandle<()>>);

impl Balancer {
    pub(crate) async fn open(
        address: SocketAddr,
        replicas: &[Addresses],
        port: fn(&Addresses) -> SocketAddr,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let ready = Arc::new(Mutex::new(Vec::new()));
        let probing = tokio::spawn(probe(replicas.to_vec(), port, Arc::clone(&ready)));
        let forwarding = tokio::spawn(async move {
            let turn = AtomicUsize::new(0);
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let ready = ready.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                let Some(replica) = ready.get(turn.checked_rem(ready.len()).unwrap_or_default())
                else {
                    continue;
                };
                let replica: SocketAddr = *replica;
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(replica).await {
                        let _ = client.set_nodelay(true);
                        let _ = server.set_nodelay(true);
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self(vec![probing, forwarding])
    }
}

async fn probe(
    replicas: Vec<Addresses>,
    port: fn(&Addresses) -> SocketAddr,
    ready: Arc<Mutex<Vec<SocketAddr>>>,
) {
    loop {
        let replicas = replicas.clone();
        let probed = tokio::task::spawn_blocking(move || {
            let is_ready = |replica: &&Addresses| {
                http::get(replica.admin, "/readyz").is_ok_and(|response| response.status == 200)
            };
            replicas
                .iter()
                .filter(is_ready)
                .map(port)
                .collect::<Vec<_>>()
        });
        let probed = probed.await.unwrap();
        *ready.lock().unwrap_or_else(PoisonError::into_inner) = probed;
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}
