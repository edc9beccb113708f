//! Joining an event: the service of City Events on PostgreSQL beside the same statements by `pgbench`.

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
    load::{self, Measured},
    statistics::{median, percentile},
};

/// Clients of both sides.
const CLIENTS: u32 = 16;
/// One that everybody wants, and many that few want.
const EVENTS: [u32; 2] = [1, 64];
/// What the load test of the implementation before had, in joins a second.
const STEADY: u32 = 50;
/// More than the service answers in a second, so that no client runs out of requests.
const MOST_A_SECOND: f64 = 10_000.0;
/// The key of access tokens, made up here.
const KEY: &str = "a-key-of-this-benchmark-and-of-nothing-else";
const PROGRAM: &str = "city-events-join";

/// Blocks of four turns, in ABBA order, and how the service does under a steady load.
pub(crate) fn run(postgres: &Path, blocks: u32, seconds: u32) -> Result<(), Failure> {
    let postgres = PostgresServer::start_with(postgres, &["max_connections=200"])?;
    let database = postgres.database("join")?;
    let (mut service, address) = service(&database)?;
    service.start()?;
    let name = database.rsplit('/').next().unwrap_or_default();
    places(&postgres, name)?;
    let span = Duration::from_secs(seconds.into());
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "joins a second by {CLIENTS} clients, PostgreSQL that waits for the disk, medians of {} turns",
        2 * blocks
    )?;
    for events in EVENTS {
        let (mut ours, mut bare, mut waits) = (Vec::new(), Vec::new(), Vec::new());
        let mut join = || -> Result<f64, Failure> {
            let all = MOST_A_SECOND * span.as_secs_f64();
            let measured =
                load::answered(address, requests::of_clients(CLIENTS, events, all)?, span)?;
            let rate = rate(&measured);
            waits.extend(measured.latencies);
            Ok(rate)
        };
        for _ in 0..blocks {
            ours.push(join()?);
            bare.push(pgbench::run(&postgres, name, events, CLIENTS, seconds)?);
            bare.push(pgbench::run(&postgres, name, events, CLIENTS, seconds)?);
            ours.push(join()?);
        }
        waits.sort_unstable();
        let (ours, bare) = (median(&ours), median(&bare));
        writeln!(
            out,
            "{events:>3} events: ours {ours:>6.0}, pgbench {bare:>6.0}, ratio {:.2}; ours p50 {:.1} ms, p99 {:.1} ms",
            ours / bare,
            milliseconds(percentile(&waits, 0.5)),
            milliseconds(percentile(&waits, 0.99)),
        )?;
    }
    let share = f64::from(STEADY * seconds);
    let clients = requests::of_clients(CLIENTS, 1, share)?;
    let mut waits = load::paced(address, clients, STEADY)?.latencies;
    waits.sort_unstable();
    writeln!(
        out,
        "{STEADY} joins a second, one event: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        milliseconds(percentile(&waits, 0.5)),
        milliseconds(percentile(&waits, 0.95)),
        milliseconds(percentile(&waits, 0.99)),
    )?;
    Ok(())
}

/// The program beside this one, and where it will listen.
fn service(database: &str) -> Result<(ProgramServer, SocketAddr), Failure> {
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    if !program.is_file() {
        let missing: PathBuf = program;
        return Err(format!(
            "{} is not built: build the package {PROGRAM} with the same profile",
            missing.display()
        )
        .into());
    }
    let [http, grpc, operators] = [free_address()?, free_address()?, free_address()?];
    let settings = [
        ("SERVER__HTTP__ADDR", http.to_string()),
        ("SERVER__HTTP__RATE_LIMIT__ENABLED", "false".to_owned()),
        ("SERVER__GRPC__ADDR", grpc.to_string()),
        ("ADMIN__ADDR", operators.to_string()),
        ("DATABASE__URL", database.to_owned()),
        ("DATABASE__MIGRATE_AT_START", "true".to_owned()),
        ("BROKER__URL", "memory:".to_owned()),
        ("JWT__SECRET", KEY.to_owned()),
        ("AUDIT_LOG__KEY", KEY.to_owned()),
    ];
    let settings = settings.map(|(name, value)| (format!("JOIN_SERVICE__{name}"), value));
    Ok((
        ProgramServer::new(program, settings.into(), operators)?,
        http,
    ))
}

/// Events with room for everybody.
fn places(postgres: &PostgresServer, database: &str) -> Result<(), Failure> {
    let most = EVENTS.into_iter().max().unwrap_or(1);
    let mut client = postgres.client("psql");
    client.args(["-qc", &format!(
        "INSERT INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) \
         SELECT {}, 0, 'open', now(), now(), now() FROM generate_series(1, {most}) AS number",
        pgbench::EVENT.replace(":event", "number")
    ), database]);
    told(&mut client).map(drop)
}

/// What a command says, or what it complains of.
fn told(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[expect(clippy::cast_precision_loss, reason = "a count of requests is small")]
fn rate(measured: &Measured) -> f64 {
    measured.latencies.len() as f64 / measured.elapsed.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a wait of minutes is exact")]
fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
