//! The memory that remains allocated after hostile guests and after loads.

use std::{
    fs,
    time::{Duration, Instant},
};

use seaworthy_plugins::{HookCall, HookPoint, World};

use crate::{
    DEADLINE, Failure,
    bench::{Bench, hook},
    guests::{BOMB, EMPTY, RECURSION, TABLES},
    times::goal,
};

const BOMBS: usize = 100;
/// The time for guests that outlive their callers to end.
const SETTLE: Duration = Duration::from_secs(2);
/// The goal, in KiB.
const MAX_GROWTH: i64 = 5 * 1024;

/// The memory of this process in KiB.
fn resident() -> Result<i64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    Ok(size.ok_or("the system does not report memory")?.parse()?)
}

/// Returns the growth of the memory since `before` in KiB, after guests that still run.
async fn growth(before: i64) -> Result<i64, Failure> {
    let begun = Instant::now();
    loop {
        let grown = resident()? - before;
        if grown <= MAX_GROWTH || begun.elapsed() > SETTLE {
            return Ok(grown);
        }
        tokio::time::sleep(DEADLINE).await;
    }
}

/// Prints the memory that remains allocated after hostile guests and after loads.
pub(crate) async fn memory(bench: &Bench) -> Result<(), Failure> {
    for (what, body) in [
        ("memory bombs", BOMB),
        ("table bombs", TABLES),
        ("recursions", RECURSION),
    ] {
        bench
            .load("bomb", &hook("before_biz"), body, World::RequestHook)
            .await?;
        let (mut before, mut done) = (resident()?, 0);
        let mut problem = String::new();
        while done < BOMBS {
            bench.plugins.enable("bomb")?;
            let report = bench
                .plugins
                .run_hooks(HookPoint::BeforeBiz, HookCall::new())
                .await?;
            let (_, ended) = report.failed.first().ok_or("the guest did not fail")?;
            if ended.contains("share") || ended.contains("too many calls") {
                tokio::time::sleep(DEADLINE).await;
                continue;
            }
            problem.clone_from(ended);
            done += 1;
            if done == 1 {
                println!("{what}: {:+} KiB after the first", resident()? - before);
                before = resident()?.min(before);
            }
        }
        let grown = growth(before).await?;
        println!("{what}: {grown:+} KiB after {BOMBS}, the last one ended: {problem}");
        goal("the memory grows by at most 5 MiB", grown <= MAX_GROWTH);
        bench.plugins.unload("bomb").await?;
    }
    let before = resident()?;
    for _ in 0..BOMBS {
        bench
            .load("again", &hook("before_biz"), EMPTY, World::RequestHook)
            .await?;
        bench.plugins.unload("again").await?;
    }
    let grown = resident()? - before;
    println!("loads and unloads: {grown:+} KiB after {BOMBS}");
    goal("the memory grows by at most 5 MiB", grown <= MAX_GROWTH);
    Ok(())
}
