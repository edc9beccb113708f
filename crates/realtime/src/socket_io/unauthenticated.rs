use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use seaworthy_core::network_of;

/// The number of sessions without a namespace, by the network of the client. They have no user,
/// so no other limit counts them.
#[derive(Debug, Default)]
pub(super) struct Unauthenticated(Mutex<HashMap<Option<IpAddr>, u32>>);

/// Counts a session until it is dropped.
#[derive(Debug)]
pub(super) struct CountedSession {
    sessions: Arc<Unauthenticated>,
    network: Option<IpAddr>,
}

impl Unauthenticated {
    /// Counts a session, if its network has fewer than `max`. Unknown addresses share one count.
    pub(super) fn count(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        max: u32,
    ) -> Option<CountedSession> {
        let network = address.map(network_of);
        let mut sessions = self.0.lock();
        let open = sessions.entry(network).or_default();
        if *open >= max {
            return None;
        }
        *open += 1;
        Some(CountedSession {
            sessions: Arc::clone(self),
            network,
        })
    }
}

impl Drop for CountedSession {
    fn drop(&mut self) {
        let mut sessions = self.sessions.0.lock();
        if let Some(open) = sessions.get_mut(&self.network) {
            *open -= 1;
            if *open == 0 {
                sessions.remove(&self.network);
            }
        }
    }
}
