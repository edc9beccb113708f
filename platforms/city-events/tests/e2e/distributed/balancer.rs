use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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

/// The replicas that get new connections.
type Endpoints = Arc<Mutex<Vec<SocketAddr>>>;

/// One address for all replicas of a service. It forwards each new connection to the next ready
/// replica.
pub(crate) struct Balancer {
    tasks: Vec<JoinHandle<()>>,
    endpoints: Endpoints,
    port: fn(&Addresses) -> SocketAddr,
}

impl Balancer {
    /// Forwards to the replicas whose probe succeeds.
    pub(crate) async fn open(
        address: SocketAddr,
        replicas: &[Addresses],
        port: fn(&Addresses) -> SocketAddr,
    ) -> Self {
        let mut balancer = Self::without_probes(address, port).await;
        let endpoints = Arc::clone(&balancer.endpoints);
        let probing = tokio::spawn(probe(replicas.to_vec(), port, endpoints));
        balancer.tasks.push(probing);
        balancer
    }

    /// Forwards to the replicas that an orchestrator adds.
    pub(crate) async fn without_probes(
        address: SocketAddr,
        port: fn(&Addresses) -> SocketAddr,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let endpoints = Endpoints::default();
        let ready = Arc::clone(&endpoints);
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
        Self {
            tasks: vec![forwarding],
            endpoints,
            port,
        }
    }

    /// Forwards new connections to this replica, too.
    pub(crate) fn add(&self, replica: &Addresses) {
        self.endpoints().push((self.port)(replica));
    }

    /// Forwards no new connection to this replica. Open connections stay.
    pub(crate) fn remove(&self, replica: &Addresses) {
        let address = (self.port)(replica);
        self.endpoints().retain(|known| *known != address);
    }

    fn endpoints(&self) -> MutexGuard<'_, Vec<SocketAddr>> {
        self.endpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        for task in &self.tasks {
            task.abort();
        }
    }
}
