//! Requests during reloads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use seaworthy_plugins::World;

use crate::{
    Failure,
    bench::{Bench, hook},
    guests::VERSION,
    requests::{FAILED, RATE, requests, sent},
    times::{goal, print},
};

const RELOADS: usize = 20;

/// Prints the versions that requests use during reloads.
pub(crate) async fn reload(bench: &Bench) -> Result<(), Failure> {
    let hook = hook("before_biz");
    bench
        .load("version", &hook, VERSION, World::RequestHook)
        .await?;
    let stop = Arc::new(AtomicBool::new(false));
    let clients = requests(bench, "/twice", &stop);
    for round in 0..RELOADS {
        let digit = ["\\222", "\\221"].get(round % 2).ok_or("no version")?;
        let functions = VERSION.replacen("\\221", digit, 1);
        bench.write("version", &hook, &functions, World::RequestHook)?;
        bench.plugins.reload("version").await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let (times, bodies) = tokio::task::block_in_place(|| sent(clients))?;
    let count = times.len();
    println!(
        "{count} requests at {RATE}/s during {RELOADS} reloads, by the versions that they saw: {bodies:?}"
    );
    print("requests during reloads", times);
    let is_whole = |seen: &String| ["11", "22"].contains(&seen.as_str());
    goal("no request fails", !bodies.contains_key(FAILED));
    goal("no request sees two versions", bodies.keys().all(is_whole));
    Ok(())
}
