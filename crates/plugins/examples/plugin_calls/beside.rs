//! Requests while a hostile plugin runs.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use seaworthy_plugins::{HookCall, HookPoint, World};

use crate::{
    Failure,
    bench::{Bench, hook},
    guests::{FILL, FILL_ALL, LOOP, stalled},
    requests::{requests, sent},
    times::{goal, print, quantile},
};

/// The number of pairs of a run without the plugin and a run with it. A machine's load changes the
/// p99 of single runs by several times, so that fewer pairs give a different result each time.
const PAIRS: usize = 45;
/// The time of one run: the plugin uses its share twice.
const ROUND: Duration = Duration::from_secs(2);

/// The goal: the p99 grows by less than 20 %.
const MAX_RATIO: f64 = 1.2;

/// Prints the times of requests with and without a hostile plugin: an endless loop, fills, and a
/// request without a response.
pub(crate) async fn beside(bench: &Bench) -> Result<(), Failure> {
    // The system accepts the connections, and nothing responds.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stalled = stalled(&format!("http://{}/", listener.local_addr()?));
    let hook = hook("after_data");
    let requesting = format!("capabilities = [\"http\"]\n{hook}");
    for (name, what, manifest, body) in [
        ("busy", "an endless loop", hook.as_str(), LOOP),
        ("fills", "fills of 56 KiB", hook.as_str(), FILL),
        ("fills-all", "fills of 50 MiB", hook.as_str(), FILL_ALL),
        (
            "stalled",
            "a stalled request",
            requesting.as_str(),
            stalled.as_str(),
        ),
    ] {
        bench.load(name, manifest, body, World::RequestHook).await?;
        beside_one(bench, name, what).await?;
        bench.plugins.unload(name).await?;
    }
    Ok(())
}

/// Prints the times of requests with and without calls of a loaded plugin.
async fn beside_one(bench: &Bench, name: &str, what: &str) -> Result<(), Failure> {
    let mut p99 = [Vec::new(), Vec::new()];
    for round in 0..2 * PAIRS {
        let is_attacked = round % 2 == 1;
        let stop = Arc::new(AtomicBool::new(false));
        let clients = requests(bench, "/", &stop);
        let (begun, mut stopped) = (Instant::now(), 0);
        while begun.elapsed() < ROUND {
            if is_attacked {
                bench.plugins.enable(name)?;
                let report = bench
                    .plugins
                    .run_hooks(HookPoint::AfterData, HookCall::new())
                    .await?;
                let problem = report.failed.first().map(|(_, problem)| problem.as_str());
                stopped += usize::from(problem.is_some_and(|text| text.contains("timeout")));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.store(true, Ordering::Relaxed);
        let (mut times, bodies) = tokio::task::block_in_place(|| sent(clients))?;
        let at = quantile(&mut times, 990);
        if let Some(p99) = p99.get_mut(usize::from(is_attacked)) {
            p99.push(at);
        }
        println!("round {round}: {bodies:?}, {stopped} calls stopped: {what}");
        print("requests", times);
    }
    let [alone, attacked] = p99;
    let mut ratios: Vec<_> = alone.iter().zip(&attacked).map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(PAIRS / 2).copied().unwrap_or(f64::NAN);
    let [alone, attacked] = [alone, attacked].map(|mut p99| quantile(&mut p99, 500));
    println!("median p99 of requests alone: {alone:?}, with {what}: {attacked:?}");
    println!("median ratio of the p99 of a pair: {median:.2}");
    let what = format!("the p99 grows by less than 20 % with {what}");
    goal(&what, median < MAX_RATIO);
    Ok(())
}

/// The p99 with the plugin, divided by the p99 without it in the run before.
fn ratio((alone, attacked): (&Duration, &Duration)) -> f64 {
    attacked.as_secs_f64() / alone.as_secs_f64()
}
