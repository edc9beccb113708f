use std::collections::HashMap;

use futures::future::{BoxFuture, ready};
use parking_lot::Mutex;
use seaworthy_core::Timeout;
use tokio::time::Instant;

use super::store::{FencingToken, LeaseError, LeaseStore};

/// Leases within one process, for services with one replica and for tests.
#[derive(Debug, Default)]
pub struct MemoryLeases(Mutex<HashMap<String, Held>>);

#[derive(Debug)]
struct Held {
    holder: Option<String>,
    token: FencingToken,
    until: Instant,
}

impl Held {
    fn is_of(&self, holder: &str, token: FencingToken) -> bool {
        self.holder.as_deref() == Some(holder) && self.token == token
    }
}

impl LeaseStore for MemoryLeases {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<Option<FencingToken>, LeaseError>> {
        let now = Instant::now();
        let mut leases = self.0.lock();
        let lease = leases.entry(name.to_owned()).or_insert_with(|| Held {
            holder: None,
            token: FencingToken(0),
            until: now,
        });
        let is_alive = lease.until > now;
        let granted = match lease.holder.as_deref() {
            Some(known) if known == holder && is_alive => true,
            Some(_) if is_alive => false,
            _ => {
                lease.holder = Some(holder.to_owned());
                lease.token = FencingToken(lease.token.0 + 1);
                true
            }
        };
        if granted {
            lease.until = now + duration.get();
        }
        let token = granted.then_some(lease.token);
        Box::pin(ready(Ok(token)))
    }

    fn renew<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<bool, LeaseError>> {
        let now = Instant::now();
        let mut leases = self.0.lock();
        let held = leases
            .get_mut(name)
            .filter(|lease| lease.is_of(holder, token) && lease.until > now);
        let is_held = held.is_some();
        if let Some(lease) = held {
            lease.until = now + duration.get();
        }
        Box::pin(ready(Ok(is_held)))
    }

    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        if let Some(lease) = self.0.lock().get_mut(name)
            && lease.is_of(holder, token)
        {
            lease.holder = None;
        }
        Box::pin(ready(Ok(())))
    }
}
