use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    Failure, WORKLOADS, load,
    statistics::{median, percentile},
    target::Target,
    thread_time::ThreadTime,
    workload::Workload,
};

/// Duration of the run before the measurement. It fills caches and connection pools.
const WARM_UP: Duration = Duration::from_millis(300);

/// Result of a run of a target.
struct Run {
    per_second: f64,
    /// CPU time of the server thread, in microseconds per request. Use this if the load client is
    /// the bottleneck.
    cpu: f64,
    percentiles: [f64; 3],
}

/// A server on its own thread, pinned to the first core.
struct Server {
    target: Target,
    address: SocketAddr,
    time: ThreadTime,
}

pub(crate) fn run(blocks: u32, seconds: f64, connections: u32) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let (Some(first), Some(last)) = (cores.first().copied(), cores.last().copied()) else {
        return Err("the cores of this machine are not known".into());
    };
    if first.id == last.id {
        writeln!(
            out,
            "only one core: server and load share it, and no figure is worth much"
        )?;
    }
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    writeln!(out, "load average before: {}", load.trim())?;
    let collector = load::start_collector()?;
    core_affinity::set_for_current(last);
    let time = Duration::from_secs_f64(seconds);
    for workload in WORKLOADS {
        for &[bare, seaworthy] in workload.pairs() {
            let bare = Server::start(bare, first, &collector)?;
            let seaworthy = Server::start(seaworthy, first, &collector)?;
            for server in [&bare, &seaworthy] {
                load::run(server.address, workload, connections, WARM_UP)?;
            }
            let (mut bare_runs, mut seaworthy_runs) = (Vec::new(), Vec::new());
            for _ in 0..blocks {
                bare_runs.push(bare.measure(workload, connections, time)?);
                seaworthy_runs.push(seaworthy.measure(workload, connections, time)?);
                seaworthy_runs.push(seaworthy.measure(workload, connections, time)?);
                bare_runs.push(bare.measure(workload, connections, time)?);
            }
            writeln!(
                out,
                "\n{workload}, {connections} connections, {} runs each",
                bare_runs.len()
            )?;
            writeln!(
                out,
                "{:<22} {:>10} {:>10} {:>9} {:>9} {:>9}",
                "", "req/s", "CPU us", "p50 us", "p99 us", "p99.9 us"
            )?;
            let bare_line = line(bare.target, &bare_runs);
            let seaworthy_line = line(seaworthy.target, &seaworthy_runs);
            writeln!(out, "{bare_line}\n{seaworthy_line}")?;
            let of = |runs: &[Run], value: fn(&Run) -> f64| {
                median(&runs.iter().map(value).collect::<Vec<_>>())
            };
            writeln!(
                out,
                "throughput: {:.2} of bare; CPU: {:.2} times bare",
                of(&seaworthy_runs, |run| run.per_second) / of(&bare_runs, |run| run.per_second),
                of(&seaworthy_runs, |run| run.cpu) / of(&bare_runs, |run| run.cpu),
            )?;
        }
    }
    Ok(())
}

fn line(target: Target, runs: &[Run]) -> String {
    let of = |value: fn(&Run) -> f64| median(&runs.iter().map(value).collect::<Vec<_>>());
    format!(
        "{:<22} {:>10.0} {:>10.2} {:>9.0} {:>9.0} {:>9.0}",
        target.name(),
        of(|run| run.per_second),
        of(|run| run.cpu),
        of(|run| run.percentiles[0]),
        of(|run| run.percentiles[1]),
        of(|run| run.percentiles[2]),
    )
}

impl Server {
    fn start(
        target: Target,
        core: core_affinity::CoreId,
        collector: &str,
    ) -> Result<Self, Failure> {
        let (sender, receiver) = mpsc::channel();
        let collector = collector.to_owned();
        thread::Builder::new()
            .name(target.name().to_owned())
            .spawn(move || {
                core_affinity::set_for_current(core);
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                let runtime = match runtime {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        return sender.send(Err(Failure::from(error))).unwrap_or_default();
                    }
                };
                runtime.block_on(async {
                    let served = target.serve(&collector).await;
                    let served = served.and_then(|address| {
                        Ok(Self {
                            target,
                            address,
                            time: ThreadTime::of_this_thread()?,
                        })
                    });
                    if sender.send(served).is_ok() {
                        std::future::pending::<()>().await;
                    }
                });
            })?;
        receiver.recv()?
    }

    fn measure(
        &self,
        workload: Workload,
        connections: u32,
        time: Duration,
    ) -> Result<Run, Failure> {
        let before = self.time.nanos()?;
        let mut measured = load::run(self.address, workload, connections, time)?;
        let used = self.time.nanos()?.saturating_sub(before);
        measured.latencies.sort_unstable();
        let requests = number(measured.latencies.len().try_into()?);
        let at = |share| number(percentile(&measured.latencies, share)) / 1_000.0;
        Ok(Run {
            per_second: requests / measured.elapsed.as_secs_f64(),
            cpu: number(used) / 1_000.0 / requests,
            percentiles: [at(0.5), at(0.99), at(0.999)],
        })
    }
}

fn number(value: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run are far below 2^52"
    )]
    let number = value as f64;
    number
}
