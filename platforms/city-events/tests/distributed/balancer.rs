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

use crate::cluster::Addresses;

/// How often replicas are asked whether they are ready: an orchestrator asks less often, and services wait for it when they stop.
const GLANCE: Duration = Duration::from_millis(100);

/// One address for all replicas of a service: a new connection goes to the next one that is ready, and stays there.
pub(crate) struct Balancer(Vec<JoinHandle<()>>);

impl Balancer {
    pub(crate) async fn open(
        address: SocketAddr,
        replicas: &[Addresses],
        which: fn(&Addresses) -> SocketAddr,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let ready = Arc::new(Mutex::new(Vec::new()));
        let looking = tokio::spawn(look(replicas.to_vec(), which, Arc::clone(&ready)));
        let serving = tokio::spawn(async move {
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
        Self(vec![looking, serving])
    }
}

async fn look(
    replicas: Vec<Addresses>,
    which: fn(&Addresses) -> SocketAddr,
    ready: Arc<Mutex<Vec<SocketAddr>>>,
) {
    loop {
        let asked = replicas.clone();
        let answers = tokio::task::spawn_blocking(move || {
            let is_ready = |one: &&Addresses| {
                http::get(one.operators, "/readyz").is_ok_and(|answer| answer.status == 200)
            };
            asked.iter().filter(is_ready).map(which).collect::<Vec<_>>()
        });
        let answers = answers.await.unwrap();
        *ready.lock().unwrap_or_else(PoisonError::into_inner) = answers;
        tokio::time::sleep(GLANCE).await;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}
