//! The time of hostile guests after their deadline.

use std::{net::TcpListener, time::Instant};

use seaworthy_plugins::{HookCall, HookPoint, World};

use crate::{
    DEADLINE, Failure,
    bench::{Bench, hook},
    guests::{COPY_ALL, FILL, FILL_ALL, LOOP, stalled},
    times::{goal, print},
};

const ENDLESS: usize = 100;

/// Prints the time of endless guests after their deadline.
async fn endless(
    bench: &Bench,
    what: &str,
    name: &str,
    more: &str,
    body: &str,
) -> Result<(), Failure> {
    let manifest = format!("{more}{}", hook("before_biz"));
    bench
        .load(name, &manifest, body, World::RequestHook)
        .await?;
    let (mut times, mut waits) = (Vec::new(), Vec::new());
    while times.len() < ENDLESS {
        bench.plugins.enable(name)?;
        let begun = Instant::now();
        let report = bench
            .plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await?;
        let late = begun.elapsed().saturating_sub(DEADLINE);
        let problem = report.failed.first().map(|(_, problem)| problem.as_str());
        match problem {
            Some(problem) if problem.contains("timeout") => times.push(late),
            // Guests of earlier calls still run.
            Some(problem) if problem.contains("too many calls") => waits.push(late),
            // The plugin exceeds its CPU share temporarily.
            Some(problem) if problem.contains("share") => {
                tokio::time::sleep(DEADLINE).await;
            }
            other => return Err(format!("the guest ended otherwise: {other:?}").into()),
        }
    }
    let late = times.iter().chain(&waits);
    let late = late.filter(|late| late.as_millis() >= 5).count();
    print(&format!("{what}, after its deadline of 50 ms"), times);
    let waits = waits.len();
    println!("{what}: {late} of {ENDLESS} later than 5 ms, and {waits} waited for earlier ones");
    goal(
        "all callers get their answer within 5 ms after the deadline",
        late == 0,
    );
    Ok(bench.plugins.unload(name).await?)
}

pub(crate) async fn hostile(bench: &Bench) -> Result<(), Failure> {
    endless(bench, "endless loop", "endless", "", LOOP).await?;
    endless(bench, "fills of 56 KiB", "fills", "", FILL).await?;
    endless(bench, "fills of 50 MiB", "fills-all", "", FILL_ALL).await?;
    endless(bench, "copies of 50 MiB", "copies", "", COPY_ALL).await?;
    // The system accepts the connections, and nothing responds.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    let send = stalled(&url);
    let capabilities = "capabilities = [\"http\"]\n";
    endless(bench, "stalled request", "stalled", capabilities, &send).await
}
