//! The example `pool` of `hello` over sockets, with more requests than its pool can serve.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Args;
use reqwest::{Client, StatusCode};
use seaworthy_testkit::app::TestApp;
use tokio::task::JoinSet;

use crate::{Failure, statistics::percentile};

/// The requests per second that one connection serves.
const CAPACITY: u32 = 50;
/// The rates among which the peak is searched, in percent of the capacity.
const PEAK_RATES: [u32; 3] = [80, 90, 100];
/// The rates of the overloads, in percent of the capacity. The queue of a small one grows slowly.
const OVERLOADS: [u32; 3] = [110, 200, 400];
/// The timeout of a client, after which it disconnects.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time in which the limit of the service settles, before the measurement.
const SETTLING: Duration = Duration::from_secs(3);
/// The required minimum of the goodput under overload, as a share of the peak.
const MIN_SHARE: f64 = 0.95;
/// The required maximum of the 99th percentile of the time of a rejection.
const MAX_REJECTION: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The service. Default: the example `pool`, built with the profile of this program.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Connections of the pool. Each serves 50 requests per second.
    #[arg(long, default_value_t = 10)]
    connections: u16,
    /// Measured time of each rate, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

/// The responses at one rate that arrived in the measured time.
#[derive(Debug, Default)]
struct Responses {
    /// Nanoseconds of responses with 200, sorted.
    served: Vec<u64>,
    /// Nanoseconds of responses with 503, sorted.
    rejected: Vec<u64>,
    /// Requests without a response in time.
    missing: usize,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => pool()?,
    };
    // The limit per IP address would apply to the only client. All other settings are defaults.
    let app = TestApp::builder(&program)?
        .setting("server.http.rate_limit.enabled=false")
        .setting(&format!("connections={}", options.connections))
        .start()?;
    let url = format!("http://{}/", app.http);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut out = io::stdout();
    let time = Duration::from_secs(1) * options.seconds;
    let capacity = CAPACITY * u32::from(options.connections);
    let mut measure = |percent: u32| -> Result<Responses, Failure> {
        let rate = capacity * percent / 100;
        let responses = runtime.block_on(load(&url, rate, time))?;
        responses.print(&mut out, rate, time)?;
        Ok(responses)
    };
    let mut peak = 0.0_f64;
    for percent in PEAK_RATES {
        peak = peak.max(measure(percent)?.goodput(time));
    }
    let mut shares = Vec::new();
    for percent in OVERLOADS {
        let responses = measure(percent)?;
        let slow = percentile(&responses.rejected, 0.99);
        let is_kept = u128::from(slow) <= MAX_REJECTION.as_nanos();
        shares.push((percent, responses.goodput(time) / peak, is_kept));
    }
    for (percent, share, _) in &shares {
        let share = share * 100.0;
        writeln!(
            out,
            "{share:.1} % of the peak at {percent} % of the capacity"
        )?;
    }
    if shares
        .iter()
        .any(|(_, share, is_kept)| *share < MIN_SHARE || !is_kept)
    {
        return Err("the service does not meet the requirement: 95 % of its peak, and rejections within 50 ms (p99)".into());
    }
    Ok(())
}

/// Returns the path of the example, next to this program.
fn pool() -> Result<PathBuf, Failure> {
    let own = env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let program = folder.join("examples").join("pool");
    if !program.is_file() {
        let text = format!(
            "{} does not exist: build it with `cargo build --profile dist -p hello --example pool`",
            program.display()
        );
        return Err(text.into());
    }
    Ok(program)
}

/// Sends requests at a rate, independent of the responses. Responses during `SETTLING` do not
/// count, and neither do those after `time`. They would count a queue as capacity.
async fn load(url: &str, rate: u32, time: Duration) -> Result<Responses, Failure> {
    let client = Client::builder().timeout(CLIENT_TIMEOUT).build()?;
    let start = Instant::now();
    let mut calls = JoinSet::new();
    let mut responses = Responses::default();
    for number in 0.. {
        let due = start + Duration::from_secs(1) * number / rate;
        if due >= start + SETTLING + time {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let (client, url) = (client.clone(), url.to_owned());
        calls.spawn(async move { (exchange(&client, &url, due).await, Instant::now()) });
    }
    while let Some(call) = calls.join_next().await {
        let (response, ended) = call?;
        if !(start + SETTLING..start + SETTLING + time).contains(&ended) {
            continue;
        }
        match response {
            Some((StatusCode::OK, latency)) => responses.served.push(latency),
            Some((StatusCode::SERVICE_UNAVAILABLE, latency)) => responses.rejected.push(latency),
            _ => responses.missing += 1,
        }
    }
    responses.served.sort_unstable();
    responses.rejected.sort_unstable();
    Ok(responses)
}

/// Sends one request. Returns the status and the nanoseconds since it was due, or `None` without a
/// response in time.
async fn exchange(client: &Client, url: &str, due: Instant) -> Option<(StatusCode, u64)> {
    let response = client.get(url).send().await.ok()?;
    let status = response.status();
    response.bytes().await.ok()?;
    let latency = u64::try_from(due.elapsed().as_nanos()).ok()?;
    Some((status, latency))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and latencies of a run are exact as floats"
)]
impl Responses {
    /// Returns the served requests per second.
    fn goodput(&self, time: Duration) -> f64 {
        self.served.len() as f64 / time.as_secs_f64()
    }

    fn print(&self, out: &mut impl io::Write, rate: u32, time: Duration) -> io::Result<()> {
        let milliseconds = |latencies: &[u64], share| percentile(latencies, share) as f64 / 1e6;
        writeln!(
            out,
            "{rate}/s: {:.0}/s served (p50 {:.0} ms, p99 {:.0} ms), {} rejected (p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms), {} without response",
            self.goodput(time),
            milliseconds(&self.served, 0.5),
            milliseconds(&self.served, 0.99),
            self.rejected.len(),
            milliseconds(&self.rejected, 0.5),
            milliseconds(&self.rejected, 0.99),
            milliseconds(&self.rejected, 1.0),
            self.missing,
        )
    }
}
