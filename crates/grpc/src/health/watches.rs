use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error, context, network_of};

/// Maximum open `Watch` calls of the process. Each holds a stream and some kilobytes until its
/// client ends it.
const MAX_WATCHES: usize = 1_024;
/// Maximum open `Watch` calls of one client address. A client has one for each connection, and the
/// clients of a proxy share an address.
const MAX_WATCHES_PER_IP: usize = 64;

/// Counts the open `Watch` calls. Any client may open one, and only the client ends it. Cheap to
/// clone. All clones share the count.
#[derive(Debug, Clone, Default)]
pub(super) struct Watches(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<Option<IpAddr>, usize>,
}

/// One open call. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct OpenWatch {
    watches: Watches,
    address: Option<IpAddr>,
}

impl Watches {
    /// Counts a call of the current request's client.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` if the process or the client has too many of them.
    pub(super) fn open(&self) -> Result<OpenWatch, Error> {
        let address = context::current().and_then(|request| request.client_address());
        let address = address.map(network_of);
        let mut counts = self.0.lock();
        let own = counts.by_address.get(&address).copied().unwrap_or_default();
        if counts.all >= MAX_WATCHES || own >= MAX_WATCHES_PER_IP {
            return Err(Error::new(
                Code::Exhausted,
                "TOO_MANY_WATCHES",
                "too many Watch calls are open: close some of them, or use Check",
            ));
        }
        counts.all += 1;
        counts.by_address.insert(address, own + 1);
        drop(counts);
        Ok(OpenWatch {
            watches: self.clone(),
            address,
        })
    }
}

impl Drop for OpenWatch {
    fn drop(&mut self) {
        let mut counts = self.watches.0.lock();
        counts.all = counts.all.saturating_sub(1);
        if let Some(own) = counts.by_address.get_mut(&self.address) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_core::{RequestContext, ServiceIdentity};

    use super::*;

    fn from(address: impl Into<IpAddr>, watches: &Watches) -> Result<OpenWatch, Error> {
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"))
            .with_client_address(address.into());
        context::sync_scope(Arc::new(request), || watches.open())
    }

    #[test]
    fn bounds_open_watches_per_ipv6_network_sec_3() {
        let watches = Watches::default();
        let subscriber = |host: u16| [0x2001, 0xdb8, 0, 1, 0, 0, 0, host];
        let open: Vec<_> = (0..64)
            .map(|host| from(subscriber(host), &watches).unwrap())
            .collect();
        assert_eq!(open.len(), MAX_WATCHES_PER_IP);
        let refused = from(subscriber(64), &watches).unwrap_err();
        assert_eq!(refused.code(), Code::Exhausted);
        assert!(from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1], &watches).is_ok());
    }

    #[test]
    fn bounds_open_watches_per_ip_and_process_sec_3() {
        let watches = Watches::default();
        let mut open = Vec::new();
        for client in 0..16 {
            let mut own: Vec<_> = (0..MAX_WATCHES_PER_IP)
                .map(|_| from([10, 0, 0, client], &watches).unwrap())
                .collect();
            let refused = from([10, 0, 0, client], &watches).unwrap_err();
            assert_eq!(refused.code(), Code::Exhausted);
            open.append(&mut own);
        }
        assert_eq!(open.len(), MAX_WATCHES);
        assert!(from([10, 0, 1, 0], &watches).is_err());
        open.pop();
        assert!(from([10, 0, 1, 0], &watches).is_ok());
        drop(open);
        assert_eq!(watches.0.lock().all, 0);
        assert!(watches.0.lock().by_address.is_empty());
    }
}
