use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use parking_lot::Mutex;

/// Passes connections to the replicas in turn.
pub(crate) struct Balancer {
    address: SocketAddr,
    replicas: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let replicas: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
        let shared = Arc::clone(&replicas);
        thread::spawn(move || {
            for (turn, client) in listener.incoming().map_while(Result::ok).enumerate() {
                let replicas = shared.lock().clone();
                let Some(replica) = replicas.get(turn % replicas.len().max(1)).copied() else {
                    continue;
                };
                if let Ok(server) = TcpStream::connect(replica) {
                    pass(&client, &server);
                    pass(&server, &client);
                }
            }
        });
        Self { address, replicas }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn set(&self, replicas: Vec<SocketAddr>) {
        *self.replicas.lock() = replicas;
    }
}

fn pass(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
