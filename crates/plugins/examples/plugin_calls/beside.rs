//! Requests while a plugin runs endlessly.

use std::{
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
    guests::LOOP,
    requests::{requests, sent},
    times::{goal, print, quantile},
};

/// The number of runs without the plugin, and of runs with it. They alternate often, so that a change of
/// the machine affects both.
const ROUNDS: usize = 15;
/// The time of one run: the plugin uses its share twice.
const ROUND: Duration = Duration::from_secs(2);

/// Prints the times of requests with and without an endless plugin.
pub(crate) async fn beside(bench: &Bench) -> Result<(), Failure> {
    bench
        .load("busy", &hook("after_data"), LOOP, World::RequestHook)
        .await?;
    let mut p99 = [Vec::new(), Vec::new()];
    for round in 0..2 * ROUNDS {
        let is_attacked = round % 2 == 1;
        let stop = Arc::new(AtomicBool::new(false));
        let clients = requests(bench, "/", &stop);
        let (begun, mut stopped) = (Instant::now(), 0);
        while begun.elapsed() < ROUND {
            if is_attacked {
                bench.plugins.enable("busy")?;
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
        println!("round {round}: {bodies:?}, {stopped} endless calls stopped");
        print("requests", times);
    }
    let [alone, attacked] = p99.map(|mut p99| quantile(&mut p99, 500));
    println!("median p99 of requests alone: {alone:?}, with an endless plugin: {attacked:?}");
    goal(
        "the p99 grows by less than 20 %",
        attacked < alone + alone / 5,
    );
    Ok(bench.plugins.unload("busy").await?)
}
