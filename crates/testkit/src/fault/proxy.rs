use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    connection::{carry, reset},
    faults::{Disruption, Fault},
    trigger::Trigger,
};

/// A running proxy. It ends, with its connections, when this is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    faults: watch::Sender<Fault>,
    trigger: Trigger,
    accepted: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// Starts a proxy for a server, on a free port of this machine.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(server: SocketAddr) -> io::Result<Self> {
        Self::start_at(([127, 0, 0, 1], 0).into(), server).await
    }

    /// Starts a proxy for a server, at an address.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start_at(address: SocketAddr, server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (faults, watched) = watch::channel(Fault::none());
        let accepted = Arc::new(AtomicU64::new(0));
        let trigger = Trigger::new(faults.clone());
        let accepting = tokio::spawn(accept(
            listener,
            server,
            watched,
            trigger.clone(),
            Arc::clone(&accepted),
        ));
        Ok(Self {
            address,
            faults,
            trigger,
            accepted,
            accepting,
        })
    }

    /// Returns the address to which clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Applies a fault, also to open connections.
    pub fn set(&self, fault: Fault) {
        self.faults.send_replace(fault);
    }

    /// Removes the fault.
    pub fn heal(&self) {
        self.set(Fault::none());
    }

    /// Applies a fault once, as soon as a client sends these bytes in one piece. That piece is
    /// affected first.
    pub fn set_when(&self, bytes: &[u8], fault: Fault) {
        self.trigger.arm(bytes, fault);
    }

    /// Returns the number of connections that clients have made, including refused ones.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// While the proxy is down it keeps its port reserved, and resets each new connection.
async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    faults: watch::Receiver<Fault>,
    trigger: Trigger,
    accepted: Arc<AtomicU64>,
) {
    let mut connections = JoinSet::new();
    loop {
        let client = tokio::select! {
            client = listener.accept() => client,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((client, _)) = client else { continue };
        let seed = accepted.fetch_add(1, Ordering::Relaxed);
        if faults.borrow().disruption == Some(Disruption::Down) {
            reset(&client);
            continue;
        }
        let (faults, trigger) = (faults.clone(), trigger.clone());
        connections.spawn(async move {
            match TcpStream::connect(server).await {
                Ok(server) => carry(client, server, faults, trigger, seed).await,
                Err(_) => reset(&client),
            }
        });
    }
}
