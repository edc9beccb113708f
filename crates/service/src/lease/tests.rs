use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use seaworthy_core::Timeout;
use tokio::time::{self, Instant};

use super::*;

/// Leases in memory that can be cut off.
#[derive(Debug, Default)]
struct Distant {
    leases: MemoryLeases,
    is_cut: AtomicBool,
}

impl LeaseStore for Distant {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<Option<FencingToken>, LeaseError>> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Box::pin(pending());
        }
        self.leases.acquire(name, holder, duration)
    }

    fn renew<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<bool, LeaseError>> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Box::pin(pending());
        }
        self.leases.renew(name, holder, token, duration)
    }

    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        self.leases.release(name, holder, token)
    }
}

fn lease(store: &Arc<Distant>) -> Lease {
    Lease::new(store.clone(), "report", LeaseConfig::default())
}

#[tokio::test(start_paused = true)]
async fn one_holds_the_lease_and_its_return_is_noticed_work_2() {
    let store = Arc::new(Distant::default());
    let (first, second) = (lease(&store), lease(&store));
    let grant = first.try_acquire().await.unwrap().unwrap();
    assert!(second.try_acquire().await.unwrap().is_none());
    let token = grant.token();
    grant.release().await;
    assert!(second.try_acquire().await.unwrap().unwrap().token() > token);
}

#[tokio::test(start_paused = true)]
async fn working_holder_keeps_lease_work_2() {
    let store = Arc::new(Distant::default());
    let (first, second) = (lease(&store), lease(&store));
    let mut grant = first.try_acquire().await.unwrap().unwrap();
    let work = async {
        for _ in 0..600 {
            time::sleep(Duration::from_secs(1)).await;
            assert!(second.try_acquire().await.unwrap().is_none());
        }
        "done"
    };
    assert_eq!(grant.run(work).await, Ok("done"));
}

#[tokio::test(start_paused = true)]
async fn a_dead_holders_work_moves_within_fifteen_seconds_work_2() {
    let store = Arc::new(Distant::default());
    let (first, second) = (lease(&store), lease(&store));
    let token = first.try_acquire().await.unwrap().unwrap().token();
    let died = Instant::now();
    let grant = second.acquire().await;
    assert!(grant.token() > token);
    assert!(
        died.elapsed() <= Duration::from_secs(15),
        "{:?}",
        died.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn disconnected_holder_drops_work_before_successor_work_2() {
    let store = Arc::new(Distant::default());
    let (first, second) = (lease(&store), lease(&store));
    let mut grant = first.try_acquire().await.unwrap().unwrap();
    store.is_cut.store(true, Ordering::SeqCst);
    assert_eq!(
        grant.run(pending::<()>()).await,
        Err(LeaseLost("report".to_owned()))
    );
    let ended = Instant::now();
    store.is_cut.store(false, Ordering::SeqCst);
    assert!(second.try_acquire().await.unwrap().is_none());
    second.acquire().await;
    assert!(Instant::now() > ended);
}

#[tokio::test(start_paused = true)]
async fn suspended_holder_loses_its_expired_lease_work_2() {
    let store = Arc::new(Distant::default());
    let (first, second) = (lease(&store), lease(&store));
    let mut grant = first.try_acquire().await.unwrap().unwrap();
    time::sleep(Duration::from_secs(11)).await;
    let other = second.try_acquire().await.unwrap().unwrap();
    assert!(grant.run(pending::<()>()).await.is_err());
    assert!(other.token() > grant.token());
}

#[tokio::test]
async fn leases_in_memory_keep_every_promise_work_2() {
    conformance::check(Arc::new(MemoryLeases::default()))
        .await
        .unwrap();
}
