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
const PEAK_RATES: [u32; 4] = [80, 90, 100, 110];
/// The rate of the overload, relative to the capacity.
const OVERLOAD: u32 = 4;
/// A client that has no response by then has gone.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);
/// The limit of the service settles in this time.
const SETTLING: Duration = Duration::from_secs(3);
/// The promise: the share of the peak that the service keeps.
const MIN_SHARE: f64 = 0.95;
/// The promise: the time of a rejection.
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

/// The responses to requests at one rate.
#[derive(Debug, Default)]
struct Responses {
    sent: u32,
    /// Nanoseconds of responses with 200, sorted.
    served: Vec<u64>,
    /// Nanoseconds of responses with 503, sorted.
    rejected: Vec<u64>,
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
    let mut peak = 0.0_f64;
    for percent in PEAK_RATES {
        let rate = capacity * percent / 100;
        let responses = runtime.block_on(load(&url, rate, time))?;
        peak = peak.max(responses.goodput(time));
        responses.print(&mut out, rate, time)?;
    }
    let rate = capacity * OVERLOAD;
    let responses = runtime.block_on(load(&url, rate, time))?;
    responses.print(&mut out, rate, time)?;
    let share = responses.goodput(time) / peak;
    let slow = percentile(&responses.rejected, 0.99);
    writeln!(
        out,
        "{:.1} % of the peak at {OVERLOAD} times the capacity",
        share * 100.0
    )?;
    if share < MIN_SHARE || u128::from(slow) > MAX_REJECTION.as_nanos() {
        return Err("the service does not keep its promise: 95 % of its peak, and rejections within 50 ms (p99)".into());
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

/// Sends requests at a rate, independent of the responses. Those during `SETTLING` do not count.
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
        let counts = due >= start + SETTLING;
        responses.sent += u32::from(counts);
        let (client, url) = (client.clone(), url.to_owned());
        calls.spawn(async move { exchange(&client, &url, due, counts).await });
    }
    while let Some(call) = calls.join_next().await {
        match call? {
            Some((StatusCode::OK, latency)) => responses.served.push(latency),
            Some((StatusCode::SERVICE_UNAVAILABLE, latency)) => responses.rejected.push(latency),
            _ => {}
        }
    }
    responses.served.sort_unstable();
    responses.rejected.sort_unstable();
    Ok(responses)
}

/// Sends one request. Returns the status and the nanoseconds since it was due, or `None` without a
/// response in time or if the request does not count.
async fn exchange(
    client: &Client,
    url: &str,
    due: Instant,
    counts: bool,
) -> Option<(StatusCode, u64)> {
    let response = client.get(url).send().await.ok()?;
    let status = response.status();
    response.bytes().await.ok()?;
    let latency = u64::try_from(due.elapsed().as_nanos()).ok()?;
    counts.then_some((status, latency))
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
        let missing = self.sent as usize - self.served.len() - self.rejected.len();
        writeln!(
            out,
            "{rate}/s: {:.0}/s served (p50 {:.0} ms, p99 {:.0} ms), {} rejected (p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms), {missing} without response",
            self.goodput(time),
            milliseconds(&self.served, 0.5),
            milliseconds(&self.served, 0.99),
            self.rejected.len(),
            milliseconds(&self.rejected, 0.5),
            milliseconds(&self.rejected, 0.99),
            milliseconds(&self.rejected, 1.0),
        )
    }
}
