//! Joins of City Events on PostgreSQL, against the same statements in `pgbench`.

mod pgbench;
mod requests;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use seaworthy_testkit::{postgres::PostgresServer, program::ProgramServer, server::free_address};

use crate::{
    Failure,
    load::{self, RunResult},
    statistics::{median, percentile},
};

/// Number of clients of each side.
const CLIENTS: u32 = 16;
/// Numbers of events: one popular event, or many.
const EVENTS: [u32; 2] = [1, 64];
/// Rate of the load test of the legacy service, in joins per second.
const STEADY_RATE: u32 = 50;
/// Prepared requests per second: more than the service handles, so that clients never run out.
const MAX_RATE: f64 = 10_000.0;
/// The secret that signs access tokens.
const KEY: &str = "a-key-of-this-benchmark-and-of-nothing-else";
const PROGRAM: &str = "city-events-join";

/// Runs blocks of four runs in ABBA order, and a steady load.
pub(crate) fn run(postgres: &Path, blocks: u32, seconds: u32) -> Result<(), Failure> {
    let postgres = PostgresServer::start_with(postgres, &["max_connections=200"])?;
    let database = postgres.database("join")?;
    let (mut service, address) = service(&database)?;
    service.start()?;
    let name = database.rsplit('/').next().unwrap_or_default();
    insert_events(&postgres, name)?;
    let span = Duration::from_secs(seconds.into());
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "joins per second of {CLIENTS} clients, PostgreSQL with fsync, medians of {} runs",
        2 * blocks
    )?;
    for events in EVENTS {
        let (mut seaworthy, mut bare, mut latencies) = (Vec::new(), Vec::new(), Vec::new());
        let mut join = || -> Result<f64, Failure> {
            let all = MAX_RATE * span.as_secs_f64();
            let result =
                load::saturate(address, requests::for_clients(CLIENTS, events, all)?, span)?;
            let rate = rate(&result);
            latencies.extend(result.latencies);
            Ok(rate)
        };
        for _ in 0..blocks {
            seaworthy.push(join()?);
            bare.push(pgbench::run(&postgres, name, events, CLIENTS, seconds)?);
            bare.push(pgbench::run(&postgres, name, events, CLIENTS, seconds)?);
            seaworthy.push(join()?);
        }
        latencies.sort_unstable();
        let (seaworthy, bare) = (median(&seaworthy), median(&bare));
        writeln!(
            out,
            "{events:>3} events: service {seaworthy:>6.0}, pgbench {bare:>6.0}, ratio {:.2}; service p50 {:.1} ms, p99 {:.1} ms",
            seaworthy / bare,
            milliseconds(percentile(&latencies, 0.5)),
            milliseconds(percentile(&latencies, 0.99)),
        )?;
    }
    let total = f64::from(STEADY_RATE * seconds);
    let clients = requests::for_clients(CLIENTS, 1, total)?;
    let mut latencies = load::send_at_rate(address, clients, STEADY_RATE)?.latencies;
    latencies.sort_unstable();
    writeln!(
        out,
        "{STEADY_RATE} joins per second, one event: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        milliseconds(percentile(&latencies, 0.5)),
        milliseconds(percentile(&latencies, 0.95)),
        milliseconds(percentile(&latencies, 0.99)),
    )?;
    Ok(())
}

/// Returns the service, not started, and its HTTP address.
fn service(database: &str) -> Result<(ProgramServer, SocketAddr), Failure> {
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    if !program.is_file() {
        let missing: PathBuf = program;
        return Err(format!(
            "{} does not exist: build the package {PROGRAM} with the same profile",
            missing.display()
        )
        .into());
    }
    let [http, grpc, admin] = [free_address()?, free_address()?, free_address()?];
    let settings = [
        ("SERVER__HTTP__ADDR", http.to_string()),
        ("SERVER__HTTP__RATE_LIMIT__ENABLED", "false".to_owned()),
        ("SERVER__GRPC__ADDR", grpc.to_string()),
        ("ADMIN__ADDR", admin.to_string()),
        ("DATABASE__URL", database.to_owned()),
        ("DATABASE__MIGRATE_AT_START", "true".to_owned()),
        ("BROKER__URL", "memory:".to_owned()),
        ("JWT__SECRET", KEY.to_owned()),
        ("AUDIT_LOG__KEY", KEY.to_owned()),
    ];
    let settings = settings.map(|(name, value)| (format!("JOIN_SERVICE__{name}"), value));
    Ok((ProgramServer::new(program, settings.into(), admin)?, http))
}

/// Inserts events with unlimited capacity.
fn insert_events(postgres: &PostgresServer, database: &str) -> Result<(), Failure> {
    let count = EVENTS.into_iter().max().unwrap_or(1);
    let mut client = postgres.client("psql");
    client.args(["-qc", &format!(
        "INSERT INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) \
         SELECT {}, 0, 'open', now(), now(), now() FROM generate_series(1, {count}) AS number",
        pgbench::EVENT.replace(":event", "number")
    ), database]);
    run_command(&mut client).map(drop)
}

/// Runs a command and returns its stdout. The error is its stderr.
fn run_command(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[expect(clippy::cast_precision_loss, reason = "a count of requests is small")]
fn rate(result: &RunResult) -> f64 {
    result.latencies.len() as f64 / result.elapsed.as_secs_f64()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "minutes in nanoseconds are exact"
)]
fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
