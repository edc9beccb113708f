//! Benchmarks of the framework against alternatives without it.
//!
//! Each row runs the alternative and the framework alternately in one process, and the result is
//! the ratio. This makes results of different machines comparable. On a shared machine,
//! `instructions` is more stable than time.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-bench -- stack
//! cargo run --profile dist -p seaworthy-bench -- instructions
//! cargo run --profile dist -p seaworthy-bench -- log-line
//! cargo run --profile dist -p seaworthy-bench -- redaction
//! cargo run --profile dist -p seaworthy-bench -- json
//! cargo run --profile dist -p seaworthy-bench -- flags --node-modules FOLDER
//! cargo run --profile dist -p seaworthy-bench -- client
//! cargo run --profile dist -p seaworthy-bench -- policies
//! cargo run --profile dist -p seaworthy-bench -- tokens
//! cargo run --profile dist -p seaworthy-bench -- tokens --instructions 50000
//! cargo run --profile dist -p seaworthy-bench -- events --postgres /usr/lib/postgresql/15/bin --rabbitmq /usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin
//! cargo build --profile dist -p city-events-join && cargo run --profile dist -p seaworthy-bench -- joins --postgres /usr/lib/postgresql/15/bin
//! cargo run --profile dist -p seaworthy-bench -- queries --postgres /usr/lib/postgresql/15/bin
//! cargo build --profile dist -p hello --example pool && cargo run --profile dist -p seaworthy-bench -- overload
//! cargo run --profile dist -p seaworthy-bench -- platform --url http://127.0.0.1:8080 --secret SECRET --request "GET /api/feed"
//! cargo run --profile dist -p seaworthy-bench --features kafka -- brokers --nats /usr/sbin/nats-server --kafka FOLDER-OF-JARS
//! ```

#[cfg(feature = "brokers")]
mod brokers;
mod calls;
mod client;
mod contract;
mod events;
mod flags;
mod instructions;
mod joins;
mod json;
mod load;
mod log_line;
mod orders;
mod overload;
mod platform;
mod policies;
mod queries;
mod redaction;
mod regression;
mod stack;
mod statistics;
mod target;
mod thread_time;
mod tokens;
mod workload;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use target::Target;
use workload::Workload;

#[derive(Debug, Parser)]
#[command(about = "Benchmarks of the framework against alternatives without it")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Throughput and latency of the full stack, axum and tonic. The server and the load have one
    /// core each, and the runs are in ABBA order.
    Stack {
        /// Number of blocks of four runs.
        #[arg(long, default_value_t = 3)]
        blocks: u32,
        /// Duration of a run, in seconds.
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
        /// Number of keep-alive connections.
        #[arg(long, default_value_t = 16)]
        connections: u32,
    },
    /// Instructions per request, counted by callgrind. The difference between N and 2N requests
    /// excludes the start.
    Instructions {
        /// Number of requests of the shorter run.
        #[arg(long, default_value_t = 1_000)]
        requests: u32,
        /// Path prefix for the callgrind profile of the longer run.
        #[arg(long)]
        profile_prefix: Option<std::path::PathBuf>,
        /// Output of an earlier run. The command fails if a row needs more instructions.
        #[arg(long)]
        baseline: Option<std::path::PathBuf>,
        /// Growth of a row that does not fail the command, in percent.
        #[arg(long, default_value_t = 10)]
        max_growth_percent: u64,
    },
    /// Time of one log line, against the JSON formatter of tracing-subscriber.
    LogLine {
        /// Number of measurements of each side.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
    },
    /// Redaction of log lines and bodies, against no redaction.
    Redaction {
        /// Number of rounds of each side.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
    },
    /// JSON of a contract, against `serde_json` on an equal struct.
    Json {
        /// Number of blocks of four runs.
        #[arg(long, default_value_t = 5)]
        blocks: u32,
        /// Duration of a run, in seconds.
        #[arg(long, default_value_t = 0.5)]
        seconds: f64,
    },
    /// Evaluations of feature flags, beside flagd and the open-feature crate, and the reload of
    /// 5,000 flags.
    Flags {
        /// Number of rounds. The fastest counts.
        #[arg(long, default_value_t = 30)]
        rounds: u32,
        /// A folder with the package `@openfeature/flagd-core` for Node.js.
        #[arg(long)]
        node_modules: Option<PathBuf>,
    },
    /// Sequential calls of the HTTP client on one connection, against hyper and reqwest.
    Client {
        /// Number of rounds of each side.
        #[arg(long, default_value_t = 30)]
        rounds: u32,
    },
    /// Token verification against `jsonwebtoken`, and authenticated against anonymous requests.
    Tokens {
        /// Number of rounds of each side.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
        /// Count instructions instead of time, with N against 2N requests. Use at least 50,000,
        /// because the cost of key generation varies between processes.
        #[arg(long, value_name = "REQUESTS")]
        instructions: Option<u32>,
    },
    /// Each policy around an immediate call, against a well-known crate.
    Policies {
        /// Number of rounds of each side. The fastest counts.
        #[arg(long, default_value_t = 15)]
        rounds: u32,
    },
    /// Events from the commit to the consumer, through outbox and RabbitMQ: rate, latency, and the
    /// CPU time of an idle service.
    Events {
        /// Folder of the PostgreSQL binaries.
        #[arg(long)]
        postgres: std::path::PathBuf,
        /// Folder of the RabbitMQ scripts.
        #[arg(long)]
        rabbitmq: std::path::PathBuf,
        /// Number of events of the burst.
        #[arg(long, default_value_t = 60_000)]
        events: u32,
    },
    /// Queries to PostgreSQL, against sqlx.
    Queries {
        /// Folder of the PostgreSQL binaries.
        #[arg(long)]
        postgres: std::path::PathBuf,
        /// Number of rounds of each side.
        #[arg(long, default_value_t = 20)]
        rounds: u32,
    },
    /// Joins of City Events on PostgreSQL, against the same statements in pgbench. Build
    /// `city-events-join` with the same profile first.
    Joins {
        /// Folder of the PostgreSQL binaries, including pgbench.
        #[arg(long)]
        postgres: std::path::PathBuf,
        /// Number of blocks of four runs.
        #[arg(long, default_value_t = 2)]
        blocks: u32,
        /// Duration of a run, in seconds.
        #[arg(long, default_value_t = 5)]
        seconds: u32,
    },
    /// A running platform at any base URL: rate and latency of requests, and the CPU time of
    /// its processes and servers.
    Platform(platform::Options),
    /// Goodput and rejections of the example `pool` of `hello` at four times its capacity, over
    /// sockets. Build the example with the same profile first.
    Overload(overload::Options),
    /// Publishing and consuming in a service, against the client of each broker.
    #[cfg(feature = "brokers")]
    Brokers {
        #[command(flatten)]
        programs: brokers::Programs,
        /// Number of messages of a run.
        #[arg(long, default_value_t = 10_000)]
        messages: u32,
        /// Number of blocks of four runs.
        #[arg(long, default_value_t = 3)]
        blocks: u32,
    },
    /// Sends requests to a running platform in the open model. Fails if requests fail, rows are
    /// missing or events are not published.
    Load(platform::Checked),
    /// The same for hours. Fails also if the memory of a process grows.
    Soak(platform::Checked),
    /// The same while commands break and heal parts of the platform. Fails also if requests still
    /// fail `--recovery-seconds` after the last fault.
    Chaos(platform::Chaos),
    /// Serves until stdin closes. `instructions` runs this under callgrind.
    #[command(hide = true)]
    ServeOnce {
        #[arg(long)]
        target: Target,
        #[arg(long)]
        collector: String,
    },
    /// Answers a number of requests without a socket. `tokens --instructions` runs this under
    /// callgrind.
    #[command(hide = true)]
    AnswerOnce {
        #[arg(long)]
        requests: u32,
        /// Send tokens.
        #[arg(long)]
        authenticated: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().benchmark {
        Benchmark::Stack {
            blocks,
            seconds,
            connections,
        } => stack::run(blocks, seconds, connections),
        Benchmark::Instructions {
            requests,
            profile_prefix,
            baseline,
            max_growth_percent,
        } => instructions::run(requests, profile_prefix.as_deref())
            .and_then(|output| regression::check(&output, baseline.as_deref(), max_growth_percent)),
        Benchmark::LogLine { rounds } => log_line::run(rounds),
        Benchmark::Redaction { rounds } => redaction::run(rounds),
        Benchmark::Client { rounds } => client::run(rounds),
        Benchmark::Flags {
            rounds,
            node_modules,
        } => flags::run(rounds, node_modules.as_deref()),
        Benchmark::Tokens {
            rounds,
            instructions: None,
        } => tokens::run(rounds),
        Benchmark::Tokens {
            instructions: Some(requests),
            ..
        } => tokens::count_instructions(requests),
        Benchmark::AnswerOnce {
            requests,
            authenticated,
        } => tokens::answer_once(requests, authenticated),
        Benchmark::Policies { rounds } => policies::run(rounds),
        Benchmark::Events {
            postgres,
            rabbitmq,
            events,
        } => events::run(&postgres, &rabbitmq, events),
        Benchmark::Joins {
            postgres,
            blocks,
            seconds,
        } => joins::run(&postgres, blocks, seconds),
        Benchmark::Overload(options) => overload::run(&options),
        Benchmark::Platform(options) => platform::run(&options),
        Benchmark::Queries { postgres, rounds } => queries::run(&postgres, rounds),
        #[cfg(feature = "brokers")]
        Benchmark::Brokers {
            programs,
            messages,
            blocks,
        } => brokers::run(programs, messages, blocks),
        Benchmark::Json { blocks, seconds } => json::run(blocks, seconds),
        Benchmark::Load(checked) => platform::load(&checked),
        Benchmark::Soak(checked) => platform::soak(&checked),
        Benchmark::Chaos(chaos) => platform::chaos(&chaos),
        Benchmark::ServeOnce { target, collector } => instructions::serve_once(target, &collector),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Error of a benchmark.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Workloads of the server benchmarks.
const WORKLOADS: [Workload; 4] = [
    Workload::EmptyGet,
    Workload::BrowserGet,
    Workload::JsonEcho,
    Workload::Call,
];
