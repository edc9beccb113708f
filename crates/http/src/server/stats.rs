use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts of the connections of one listener since its start.
///
/// Counted per connection and per rejection, never per request, so that requests do not contend for
/// a cache line.
#[derive(Debug, Default)]
pub struct ConnectionStats {
    pub(crate) accepted: AtomicU64,
    pub(crate) accept_errors: AtomicU64,
    pub(crate) rejected_full: AtomicU64,
    pub(crate) rejected_per_ip: AtomicU64,
    pub(crate) handshake_failures: AtomicU64,
    pub(crate) handshake_timeouts: AtomicU64,
    pub(crate) first_byte_timeouts: AtomicU64,
    pub(crate) head_timeouts: AtomicU64,
    pub(crate) idle_timeouts: AtomicU64,
    pub(crate) body_timeouts: AtomicU64,
    pub(crate) write_stalls: AtomicU64,
    pub(crate) max_age: AtomicU64,
    pub(crate) reset_floods: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) rejected_requests: AtomicU64,
    pub(crate) tls_reloads: AtomicU64,
    pub(crate) tls_reload_failures: AtomicU64,
}

/// The counts of a [`ConnectionStats`] at one moment. All but `open` only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ConnectionStatsSnapshot {
    /// Open connections.
    pub open: u64,
    /// Connections accepted, including those that were closed immediately.
    pub accepted: u64,
    /// Failed accepts, for example without a free file descriptor.
    pub accept_errors: u64,
    /// Connections closed immediately because `connections.max_connections` were open.
    pub rejected_full: u64,
    /// Connections closed immediately because `connections.max_connections_per_ip` of their address
    /// were open.
    pub rejected_per_ip: u64,
    /// TLS handshakes that failed.
    pub handshake_failures: u64,
    /// TLS handshakes that took too long.
    pub handshake_timeouts: u64,
    /// Connections closed because their client sent nothing.
    pub first_byte_timeouts: u64,
    /// Connections closed because a head took too long.
    pub head_timeouts: u64,
    /// Connections closed between two requests.
    pub idle_timeouts: u64,
    /// Request bodies that arrived too slowly.
    pub body_timeouts: u64,
    /// Connections and streams closed because the peer did not take a response.
    pub write_stalls: u64,
    /// Connections closed because of their age.
    pub max_age: u64,
    /// Connections closed because the peer cancelled too many requests.
    pub reset_floods: u64,
    /// Heads and chunks rejected because two parsers could read them differently.
    pub malformed: u64,
    /// Requests rejected for their host, target or size.
    pub rejected_requests: u64,
    /// Successful reloads of TLS files.
    pub tls_reloads: u64,
    /// Changed TLS files that could not be used. The previous files stayed in use.
    pub tls_reload_failures: u64,
}

impl ConnectionStats {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self, open: u64) -> ConnectionStatsSnapshot {
        ConnectionStatsSnapshot {
            open,
            accepted: self.accepted.load(Relaxed),
            accept_errors: self.accept_errors.load(Relaxed),
            rejected_full: self.rejected_full.load(Relaxed),
            rejected_per_ip: self.rejected_per_ip.load(Relaxed),
            handshake_failures: self.handshake_failures.load(Relaxed),
            handshake_timeouts: self.handshake_timeouts.load(Relaxed),
            first_byte_timeouts: self.first_byte_timeouts.load(Relaxed),
            head_timeouts: self.head_timeouts.load(Relaxed),
            idle_timeouts: self.idle_timeouts.load(Relaxed),
            body_timeouts: self.body_timeouts.load(Relaxed),
            write_stalls: self.write_stalls.load(Relaxed),
            max_age: self.max_age.load(Relaxed),
            reset_floods: self.reset_floods.load(Relaxed),
            malformed: self.malformed.load(Relaxed),
            rejected_requests: self.rejected_requests.load(Relaxed),
            tls_reloads: self.tls_reloads.load(Relaxed),
            tls_reload_failures: self.tls_reload_failures.load(Relaxed),
        }
    }
}
