//! A running platform at any base URL: rate and latency of its routes, and the CPU time of
//! its processes and servers.

mod chaos;
mod checks;
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
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;

use chaos::Faults;
use checks::{Checks, CountedRows, Sum};
pub(crate) use processes::MeasuredProcess;
use processes::{Usage, usages};
use requests::Population;
pub(crate) use requests::RequestTemplate;

use crate::{Failure, statistics::percentile};

/// Maximum requests in flight in the open model. With more, the platform cannot keep up.
const MAX_IN_FLIGHT: usize = 2_000;
/// Number of parts of a run. The warm-up of a soak and the time after faults take one part each.
const PARTS: u32 = 10;

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
    /// Process whose CPU time and memory are measured with its children, as `NAME=PID`.
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

/// A run in the open model, with checks at the end.
#[derive(Debug, Args)]
pub(crate) struct Checked {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    checks: Checks,
}

/// A checked run with faults.
#[derive(Debug, Args)]
pub(crate) struct Chaos {
    #[command(flatten)]
    checked: Checked,
    #[command(flatten)]
    faults: Faults,
    /// Maximum time from the last fault until all requests succeed again, in seconds.
    #[arg(long, default_value_t = 30)]
    recovery_seconds: u64,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    block_on(async {
        let mut out = io::stdout();
        let run = Run::new(options)?;
        run.rows(&mut out, run.span()).await?;
        for (url, outbox) in options.outboxes.iter().zip(run.outboxes()) {
            let database = url.get_database().unwrap_or_default();
            let rows = outbox.count().await?;
            writeln!(out, "outbox of {database}: {rows} rows")?;
        }
        Ok(())
    })
}

/// Sends requests, then checks responses and rows.
pub(crate) fn load(checked: &Checked) -> Result<(), Failure> {
    block_on(checked.run(async |run, out| Ok((run.rows(out, run.span()).await?, Vec::new()))))
}

/// Sends and checks as [`load`], and memory must not grow after the first part.
pub(crate) fn soak(checked: &Checked) -> Result<(), Failure> {
    block_on(checked.run(async |run, out| {
        let processes = &run.options.processes;
        let warm_up = run.span() / PARTS;
        let first = run.rows(out, warm_up).await?;
        let warm = usages(processes)?;
        let rest = run.rows(out, run.span() - warm_up).await?;
        let end = usages(processes)?;
        let grown = checked.checks.of_memory(processes, &warm, &end);
        Ok((first.and(rest), grown))
    }))
}

/// Sends and checks as [`load`], with faults. After the last fault, all requests must succeed again
/// within the time for the recovery.
pub(crate) fn chaos(chaos: &Chaos) -> Result<(), Failure> {
    chaos.faults.check()?;
    block_on(chaos.checked.run(async |run, out| {
        let faults = chaos.faults.inject(run.span());
        let (sum, faults) = tokio::join!(run.rows(out, run.span()), faults);
        let (mut sum, faults) = (sum?, faults?);
        let healed = Instant::now();
        let (sum, failed) = loop {
            let recovered = run.rows(out, run.span() / PARTS).await?;
            sum = sum.and(recovered);
            let is_late = healed.elapsed() >= Duration::from_secs(chaos.recovery_seconds);
            if recovered.failed == 0 || is_late {
                break (sum, recovered.failed);
            }
        };
        let mut violations = Vec::new();
        if faults == 0 {
            violations.push("the run is too short for a fault".to_owned());
        }
        if failed > 0 {
            violations.push(format!("{failed} requests failed after the last fault"));
        }
        Ok((sum, violations))
    }))
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

impl Checked {
    async fn run(
        &self,
        work: impl AsyncFnOnce(&Run<'_>, &mut io::Stdout) -> Result<(Sum, Vec<String>), Failure>,
    ) -> Result<(), Failure> {
        if self.options.rate.is_none() {
            return Err("set --rate: a checked run uses the open model".into());
        }
        let mut out = io::stdout();
        let run = Run::new(&self.options)?;
        let mut before = Vec::new();
        for rows in &self.checks.rows {
            before.push(rows.count().await?);
        }
        let (sum, mut violations) = work(&run, &mut out).await?;
        violations.extend(self.checks.of_requests(sum));
        let outboxes = run.outboxes();
        violations.extend(self.checks.of_rows(&before, &outboxes, sum).await?);
        checks::report(&mut out, &violations)
    }
}

/// The state that all rows of a run share.
struct Run<'a> {
    options: &'a Options,
    population: Arc<Population>,
    client: reqwest::Client,
    /// The number of the next request. It grows, so that pairs do not repeat in later rows.
    number: Arc<AtomicUsize>,
}

impl<'a> Run<'a> {
    fn new(options: &'a Options) -> Result<Self, Failure> {
        let population =
            Population::new(options.users, &options.secret, options.events.as_deref())?;
        let client = reqwest::Client::builder();
        Ok(Self {
            options,
            population: Arc::new(population),
            client: client.pool_max_idle_per_host(MAX_IN_FLIGHT).build()?,
            number: Arc::new(AtomicUsize::new(0)),
        })
    }

    fn span(&self) -> Duration {
        Duration::from_secs(self.options.seconds.into())
    }

    fn outboxes(&self) -> Vec<CountedRows> {
        let urls = self.options.outboxes.iter();
        urls.map(|url| CountedRows::new(url, &self.options.outbox_query))
            .collect()
    }

    /// Measures one row per request for this time.
    async fn rows(&self, out: &mut io::Stdout, span: Duration) -> Result<Sum, Failure> {
        let options = self.options;
        let model = match options.rate {
            Some(rate) => format!("open model, {rate} requests per second"),
            None => format!("closed model, {} clients", options.clients),
        };
        writeln!(
            out,
            "{model} at {}, {:.0} s",
            options.url,
            span.as_secs_f64()
        )?;
        let mut sum = Sum::default();
        for template in &options.requests {
            let (before, first) = (usages(&options.processes)?, self.sent());
            let load = Load {
                client: self.client.clone(),
                base: Arc::from(options.url.as_str()),
                template: Arc::new(template.clone()),
                population: Arc::clone(&self.population),
                number: Arc::clone(&self.number),
                failures: Arc::default(),
            };
            let mut row = match options.rate {
                Some(rate) => load.open(rate, span).await?,
                None => load.closed(options.clients, span).await?,
            };
            let after = usages(&options.processes)?;
            print(out, template, &mut row)?;
            sum = sum.and(Sum {
                succeeded: u64::try_from(row.latencies.len())?,
                failed: row.failures,
                p99: percentile(&row.latencies, 0.99),
            });
            let sent = self.sent() - first;
            for ((process, before), after) in options.processes.iter().zip(&before).zip(&after) {
                print_usage(out, process, (before, after), sent)?;
            }
        }
        Ok(sum)
    }

    fn sent(&self) -> usize {
        self.number.load(Ordering::Relaxed)
    }
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

    /// Runs clients that send their next request after the response.
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
fn print(out: &mut impl io::Write, template: &RequestTemplate, row: &mut Row) -> io::Result<()> {
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
