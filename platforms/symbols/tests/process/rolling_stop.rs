use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use rustix::process::Signal;
use seaworthy_testkit::{database::long_timeouts, eventually};

use crate::{
    app::SymbolsApp,
    calls::{Client, client, create},
    contract::service::symbols::v1::ListSymbolsRequest,
    health::{Health, NOT_SERVING, SERVING, next_status},
};

const CLIENTS: u32 = 8;
/// Minimum number of calls to each replica.
const MIN_CALLS: u32 = 100;
/// The clients of a busy machine leave the old replica within this time.
const DRAIN_DELAY: Duration = Duration::from_secs(5);

/// State that the clients share.
#[derive(Default)]
struct Load {
    uses_new: AtomicBool,
    is_done: AtomicBool,
    next_number: AtomicU32,
    calls_to_old: AtomicU32,
    calls_to_new: AtomicU32,
}

impl Load {
    /// Calls one replica until `is_done`, as through a balancer: a draining replica gets no new
    /// call.
    async fn call(&self, mut old: Client, mut new: Client) {
        while !self.is_done.load(Ordering::SeqCst) {
            let request = create(self.next_number.fetch_add(1, Ordering::SeqCst));
            let (client, calls) = if self.uses_new.load(Ordering::SeqCst) {
                (&mut new, &self.calls_to_new)
            } else {
                (&mut old, &self.calls_to_old)
            };
            // A lost call fails the test.
            client.create_symbol(request).await.unwrap();
            calls.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_stop_loses_no_call_life_4_hlth_1() {
    let drain_delay = format!("lifecycle.drain_delay={}s", DRAIN_DELAY.as_secs());
    // Each write waits for those of all clients, which takes long on a busy machine.
    let timeouts = long_timeouts("database");
    let start = |settings: &[&str]| {
        let timeouts = timeouts.iter().map(String::as_str);
        let settings = timeouts.chain(settings.iter().copied());
        let arguments: Vec<_> = settings.flat_map(|setting| ["--set", setting]).collect();
        SymbolsApp::start(&arguments)
    };
    let (old, new) = (start(&[&drain_delay]), start(&[]));
    let load = Arc::new(Load::default());
    let mut watch = Health::connect(&old).await.watch("").await;
    assert_eq!(next_status(&mut watch).await, SERVING);
    let mut callers = Vec::new();
    for _ in 0..CLIENTS {
        let (load, old, new) = (Arc::clone(&load), client(&old).await, client(&new).await);
        callers.push(tokio::spawn(async move { load.call(old, new).await }));
    }
    eventually(async || load.calls_to_old.load(Ordering::SeqCst) > MIN_CALLS).await;

    old.process.signal(Signal::TERM).unwrap();
    assert_eq!(next_status(&mut watch).await, NOT_SERVING);
    load.uses_new.store(true, Ordering::SeqCst);
    // The wait for the process blocks its thread.
    let builder = tokio::task::block_in_place(|| old.into_builder());
    let before = load.calls_to_new.load(Ordering::SeqCst);
    eventually(async || load.calls_to_new.load(Ordering::SeqCst) > before + MIN_CALLS).await;
    load.is_done.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }

    // The database has exactly the symbols of the successful calls.
    let restarted = SymbolsApp::start_builder(builder, &[]);
    let request = ListSymbolsRequest {
        project_id: 7,
        ..ListSymbolsRequest::default()
    };
    let listed = client(&restarted)
        .await
        .list_symbols(request)
        .await
        .unwrap();
    let total = listed.into_inner().pagination.unwrap().total_count;
    assert_eq!(total, u64::from(load.calls_to_old.load(Ordering::SeqCst)));
}
