use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use rustix::process::Signal;

use crate::{
    calls::{Client, client, create},
    contract::service::symbols::v1::ListSymbolsRequest,
    health::{Health, NOT_SERVING, SERVING, told},
    running::Running,
};

const CLIENTS: u32 = 8;
/// How many calls each of the two is sure to get.
const ENOUGH: u32 = 100;

/// What the clients share: whom to call, and what came of it.
#[derive(Default)]
struct Load {
    moved: AtomicBool,
    done: AtomicBool,
    number: AtomicU32,
    old: AtomicU32,
    new: AtomicU32,
}

impl Load {
    /// Calls until the end, as a client behind a balancer does: whoever is not serving gets no new call.
    async fn call(&self, mut old: Client, mut new: Client) {
        while !self.done.load(Ordering::SeqCst) {
            let request = create(self.number.fetch_add(1, Ordering::SeqCst));
            let (client, answered) = if self.moved.load(Ordering::SeqCst) {
                (&mut new, &self.new)
            } else {
                (&mut old, &self.old)
            };
            // A call that is lost fails the test here.
            client.create_symbol(request).await.unwrap();
            answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_stop_under_load_loses_no_call_life_4_hlth_1() {
    let old = Running::start(&["--set", "lifecycle.drain_delay=1s"]);
    let new = Running::start(&[]);
    let load = Arc::new(Load::default());
    let mut watch = Health::of(&old).await.watch("").await;
    assert_eq!(told(&mut watch).await, SERVING);
    let mut callers = Vec::new();
    for _ in 0..CLIENTS {
        let (load, old, new) = (Arc::clone(&load), client(&old).await, client(&new).await);
        callers.push(tokio::spawn(async move { load.call(old, new).await }));
    }
    until(|| load.old.load(Ordering::SeqCst) > ENOUGH).await;

    old.process.signal(Signal::TERM).unwrap();
    assert_eq!(told(&mut watch).await, NOT_SERVING);
    load.moved.store(true, Ordering::SeqCst);
    let store = old.ended_well();
    let before = load.new.load(Ordering::SeqCst);
    until(|| load.new.load(Ordering::SeqCst) > before + ENOUGH).await;
    load.done.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }

    // Whatever was answered is in the store, and nothing else.
    let again = Running::over(store, &[]);
    let request = ListSymbolsRequest {
        project_id: 7,
        ..ListSymbolsRequest::default()
    };
    let listed = client(&again).await.list_symbols(request).await.unwrap();
    let total = listed.into_inner().pagination.unwrap().total_count;
    assert_eq!(total, u64::from(load.old.load(Ordering::SeqCst)));
}
