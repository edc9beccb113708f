//! A running platform at any base URL: rate and latency of its routes, and the processor time of its
//! processes and servers.

mod processes;
mod requests;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tokio::task::JoinSet;

pub(crate) use processes::MeasuredProcess;
use processes::{Usage, usages};
use requests::Population;
pub(crate) use requests::RequestTemplate;

use crate::{Failure, statistics::percentile};

/// Requests of the open model that may be in flight. More means that the platform cannot keep up.
const MAX_IN_FLIGHT: usize = 2_000;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Base URL, such as `http://127.0.0.1:8080`.
    #[arg(long)]
    url: String,
    /// Request of a row, as `METHOD PATH [BODY]`, with `{event}`, `{user}` and `{key}`.
    #[arg(long = "request", required = true, value_name = "REQUEST")]
    requests: Vec<RequestTemplate>,
    /// Secret that signs access tokens with HS256.
    #[arg(long)]
    secret: String,
    /// Number of users.
    #[arg(long, default_value_t = 1_000)]
    users: u32,
    /// File with the IDs of events.
    #[arg(long)]
    events: Option<PathBuf>,
    /// Clients that send their next request after each response.
    #[arg(long, default_value_t = 50)]
    clients: usize,
    /// Send this many requests per second, independent of the responses.
    #[arg(long)]
    rate: Option<u32>,
    /// Duration of a row, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Process whose processor time and memory are measured with its children, as `NAME=PID`.
    #[arg(long = "process", value_name = "NAME=PID")]
    processes: Vec<MeasuredProcess>,
    /// PostgreSQL database with an outbox whose rows are counted at the end.
    #[arg(long = "outbox", value_name = "URL")]
    outboxes: Vec<PgConnectOptions>,
    /// Statement that counts the unpublished rows of an outbox.
    #[arg(long, default_value = "SELECT count(*) FROM outbox WHERE state < 3")]
    outbox_query: String,
}

/// The responses of a row.
#[derive(Debug, Default)]
struct Row {
    /// Nanoseconds of successful requests.
    latencies: Vec<u64>,
    failures: u64,
    elapsed: Duration,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Failure> {
    let population = Arc::new(Population::new(
        options.users,
        &options.secret,
        options.events.as_deref(),
    )?);
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(MAX_IN_FLIGHT)
        .build()?;
    let mut out = io::stdout();
    let model = match options.rate {
        Some(rate) => format!("open model, {rate} requests per second"),
        None => format!("closed model, {} clients", options.clients),
    };
    writeln!(out, "{} at {}, {} s", model, options.url, options.seconds)?;
    // Pairs of users and events do not repeat in later rows.
    let number = Arc::new(AtomicUsize::new(0));
    for template in &options.requests {
        let (before, first) = (usages(&options.processes)?, number.load(Ordering::Relaxed));
        let load = Load {
            client: client.clone(),
            base: Arc::from(options.url.as_str()),
            template: Arc::new(template.clone()),
            population: Arc::clone(&population),
            number: Arc::clone(&number),
            failures: Arc::default(),
        };
        let span = Duration::from_secs(options.seconds.into());
        let row = match options.rate {
            Some(rate) => load.open(rate, span).await?,
            None => load.closed(options.clients, span).await?,
        };
        let after = usages(&options.processes)?;
        print(&mut out, template, row)?;
        let sent = number.load(Ordering::Relaxed) - first;
        for ((process, before), after) in options.processes.iter().zip(&before).zip(&after) {
            print_usage(&mut out, process, (before, after), sent)?;
        }
    }
    for outbox in &options.outboxes {
        let mut connection = outbox.connect().await?;
        let query = sqlx::AssertSqlSafe(options.outbox_query.clone());
        let rows: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await?;
        let database = outbox.get_database().unwrap_or_default();
        writeln!(out, "outbox of {database}: {rows} rows")?;
    }
    Ok(())
}

#[derive(Clone)]
struct Load {
    client: reqwest::Client,
    base: Arc<str>,
    template: Arc<RequestTemplate>,
    population: Arc<Population>,
    number: Arc<AtomicUsize>,
    failures: Arc<AtomicU64>,
}

impl Load {
    /// Sends one request and returns its latency, measured from `due`.
    async fn send(&self, due: Instant) -> Result<Option<u64>, Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let request = self
            .population
            .request(&self.client, &self.base, &self.template, number)?;
        let is_success = match request.send().await {
            Ok(response) => {
                let is_success = response.status().is_success();
                is_success && response.bytes().await.is_ok()
            }
            Err(_) => false,
        };
        if !is_success {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return Ok(None);
        }
        Ok(Some(u64::try_from(due.elapsed().as_nanos())?))
    }

    /// Each client sends its next request after the response.
    async fn closed(self, clients: usize, span: Duration) -> Result<Row, Failure> {
        let start = Instant::now();
        let mut running = JoinSet::new();
        for _ in 0..clients {
            let load = self.clone();
            running.spawn(async move {
                let mut latencies = Vec::new();
                while start.elapsed() < span {
                    latencies.extend(load.send(Instant::now()).await?);
                }
                Ok::<_, Failure>(latencies)
            });
        }
        let mut row = Row::default();
        while let Some(latencies) = running.join_next().await {
            row.latencies.extend(latencies??);
        }
        Ok(self.finish(row, start))
    }

    /// Sends requests when they are due, independent of the responses.
    async fn open(self, rate: u32, span: Duration) -> Result<Row, Failure> {
        let start = Instant::now();
        let mut running = JoinSet::new();
        let mut row = Row::default();
        for number in 0.. {
            let due = start + Duration::from_secs(1) * number / rate.max(1);
            if due >= start + span {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            if running.len() >= MAX_IN_FLIGHT {
                return Err(format!("{MAX_IN_FLIGHT} requests wait: use a lower rate").into());
            }
            let load = self.clone();
            running.spawn(async move { load.send(due).await });
            while let Some(latency) = running.try_join_next() {
                row.latencies.extend(latency??);
            }
        }
        while let Some(latency) = running.join_next().await {
            row.latencies.extend(latency??);
        }
        Ok(self.finish(row, start))
    }

    fn finish(&self, row: Row, start: Instant) -> Row {
        Row {
            failures: self.failures.load(Ordering::Relaxed),
            elapsed: start.elapsed(),
            ..row
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and latencies of a run are exact as floats"
)]
fn print(out: &mut impl io::Write, template: &RequestTemplate, mut row: Row) -> io::Result<()> {
    row.latencies.sort_unstable();
    let quantile = |share| percentile(&row.latencies, share) as f64 / 1e6;
    writeln!(
        out,
        "{} {}: {:.0}/s, p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, {} failed",
        template.method,
        template.path,
        row.latencies.len() as f64 / row.elapsed.as_secs_f64(),
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
        row.failures,
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of requests is exact as a float"
)]
fn print_usage(
    out: &mut impl io::Write,
    process: &MeasuredProcess,
    (before, after): (&Usage, &Usage),
    requests: usize,
) -> io::Result<()> {
    let used = after.cpu_milliseconds - before.cpu_milliseconds;
    writeln!(
        out,
        "    {:<12} {:>8.3} ms of CPU per request, {:>6.1} MiB",
        process.name,
        used / requests.max(1) as f64,
        after.resident_mib,
    )
}
