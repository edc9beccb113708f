use std::{
    collections::HashMap,
    fmt,
    future::Future,
    hash::Hash,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use parking_lot::Mutex;
use seaworthy_telemetry::metrics::Counter;
use tower_service::Service;

type CallResult<S, Request> =
    Result<<S as Service<Request>>::Response, <S as Service<Request>>::Error>;
type Running<S, Request> = BoxFuture<'static, CallResult<S, Request>>;
type Calls<S, K, Request> = Mutex<HashMap<K, WeakShared<Running<S, Request>>>>;

/// The identity of a request.
pub trait Key: Hash + Eq + Clone + Send + 'static {}

impl<K: Hash + Eq + Clone + Send + 'static> Key for K {}

/// A service that makes one call of equal requests.
pub struct CoalesceService<S: Service<Request>, F, K, Request> {
    inner: S,
    key: F,
    coalesced: Counter,
    calls: Arc<Calls<S, K, Request>>,
}

impl<S: Service<Request>, F, K: Hash + Eq, Request> CoalesceService<S, F, K, Request> {
    pub(super) fn new(inner: S, key: F, coalesced: Counter) -> Self {
        Self {
            inner,
            key,
            coalesced,
            calls: Arc::default(),
        }
    }
}

impl<S: Service<Request> + Clone, F: Clone, K, Request> Clone
    for CoalesceService<S, F, K, Request>
{
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            key: self.key.clone(),
            coalesced: self.coalesced.clone(),
            calls: Arc::clone(&self.calls),
        }
    }
}

impl<S, F, K, Request> Service<Request> for CoalesceService<S, F, K, Request>
where
    S: Service<Request, Response: Clone + Send + Sync, Error: Clone + Send + Sync>,
    S::Future: Send + 'static,
    F: Fn(&Request) -> Option<K>,
    K: Key,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = CoalesceFuture<S, Request>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(key) = (self.key)(&request) else {
            return CoalesceFuture(self.inner.call(request).boxed().shared());
        };
        let mut calls = self.calls.lock();
        let running = calls.get(&key).and_then(WeakShared::upgrade);
        if let Some(running) = running.filter(|running| running.peek().is_none()) {
            self.coalesced.increment();
            return CoalesceFuture(running);
        }
        // Ended and dropped calls are removed, so the map has at most twice as many entries as
        // running calls.
        if calls.len() >= 64 && calls.len() == calls.capacity() {
            calls.retain(|_, call| call.upgrade().is_some_and(|call| call.peek().is_none()));
        }
        let running = self.inner.call(request).boxed().shared();
        if let Some(weak) = running.downgrade() {
            calls.insert(key, weak);
        }
        CoalesceFuture(running)
    }
}

/// The future of [`CoalesceService`].
pub struct CoalesceFuture<S: Service<Request>, Request>(Shared<Running<S, Request>>);

impl<S, Request> Future for CoalesceFuture<S, Request>
where
    S: Service<Request, Response: Clone, Error: Clone>,
{
    type Output = CallResult<S, Request>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(context)
    }
}

impl<S: Service<Request>, F, K, Request> fmt::Debug for CoalesceService<S, F, K, Request> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CoalesceService")
            .finish_non_exhaustive()
    }
}

impl<S: Service<Request>, Request> fmt::Debug for CoalesceFuture<S, Request> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CoalesceFuture")
            .finish_non_exhaustive()
    }
}
