use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    registry::{ConnectionSnapshot, Registry},
    reload,
    stats::{ConnectionStats, ConnectionStatsSnapshot},
};
use crate::tls::{Certificates, Reload, TlsError};

/// A handle of a running listener. All clones control the same listener. Dropping them does not
/// stop it.
#[derive(Clone)]
pub struct ServerHandle {
    pub(super) registry: Arc<Registry>,
    pub(super) stats: Arc<ConnectionStats>,
    pub(super) certificates: Option<Arc<Certificates>>,
    pub(super) stop: CancellationToken,
    pub(super) accepting: watch::Receiver<bool>,
}

impl ServerHandle {
    /// Closes the listening socket. Connections in the kernel's accept queue are accepted and
    /// served first. Open connections stay as they are.
    pub fn stop_accepting(&self) {
        self.stop.cancel();
    }

    /// Closes every connection without losing a request, and stops accepting (LIFE-4).
    ///
    /// If the listener serves HTTP/1, it accepts new connections while others are open, for at most
    /// `connections.linger`. A new connection serves one request. So clients of a service that
    /// restarts at the same address find a closed port for a short time only.
    ///
    /// Requests in flight are finished and get a response with `connection: close` or, over HTTP/2,
    /// after a GOAWAY. Idle connections stay readable for `connections.linger`, because a client
    /// may have sent a request before it saw the end. Such a request gets a response too. A
    /// connection that was upgraded to another protocol ends with that protocol, or by
    /// [`abort`](Self::abort). Returns immediately. Await [`finished`](Self::finished) for the end.
    pub fn drain(&self) {
        // The accept loop reads the state of the registry when it stops.
        self.registry.drain();
        self.stop.cancel();
    }

    /// Stops accepting, and drops every connection and its requests immediately.
    pub fn abort(&self) {
        self.registry.abort();
        self.stop.cancel();
    }

    /// The open connections, oldest first.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionSnapshot> {
        self.registry.snapshot()
    }

    /// Returns the counts since the start of the listener.
    #[must_use]
    pub fn stats(&self) -> ConnectionStatsSnapshot {
        self.stats
            .snapshot(u64::try_from(self.registry.count()).unwrap_or(u64::MAX))
    }

    /// Returns the Unix time in seconds at which the first certificate of the chain expires. `None`
    /// without TLS.
    #[must_use]
    pub fn certificate_expires(&self) -> Option<i64> {
        let certificates = self.certificates.as_ref();
        certificates.map(|certificates| certificates.expires())
    }

    /// Reads the TLS files again, for all later handshakes. The setting `reload_interval` does so
    /// periodically.
    ///
    /// # Errors
    /// A file cannot be used. The files in use stay in use.
    pub async fn reload_tls(&self) -> Result<Reload, TlsError> {
        match &self.certificates {
            Some(certificates) => reload::now(certificates, &self.stats).await,
            None => Ok(Reload::Unchanged),
        }
    }

    /// Waits until the listening socket and every connection is closed, which needs a
    /// [`drain`](Self::drain) or [`abort`](Self::abort).
    pub async fn finished(&self) {
        let mut accepting = self.accepting.clone();
        // An error means that the accept loop has ended.
        let _ = accepting.wait_for(|accepting| !accepting).await;
        self.registry.empty().await;
    }
}
