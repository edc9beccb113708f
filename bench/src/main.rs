//! Benchmarks, paired with the bare alternative.
//!
//! A number alone says little about a framework on an unknown machine, so every row runs the bare thing and ours in turn, in one invocation, and the
//! ratio is the result. Where a machine is shared, instructions are steadier than time: `instructions` counts them.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-bench -- stack
//! cargo run --profile dist -p seaworthy-bench -- instructions
//! cargo run --profile dist -p seaworthy-bench -- log-line
//! cargo run --profile dist -p seaworthy-bench -- redaction
//! cargo run --profile dist -p seaworthy-bench -- json
//! cargo run --profile dist -p seaworthy-bench -- client
//! cargo run --profile dist -p seaworthy-bench -- policies
//! cargo run --profile dist -p seaworthy-bench -- tokens
//! cargo run --profile dist -p seaworthy-bench -- tokens --instructions 50000
//! cargo run --profile dist -p seaworthy-bench -- events --postgres /usr/lib/postgresql/15/bin --rabbitmq /usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin
//! cargo build --profile dist -p city-events-join && cargo run --profile dist -p seaworthy-bench -- joins --postgres /usr/lib/postgresql/15/bin
//! cargo run --profile dist -p seaworthy-bench -- queries --postgres /usr/lib/postgresql/15/bin
//! cargo run --profile dist -p seaworthy-bench --features kafka -- brokers --nats /usr/sbin/nats-server --kafka FOLDER-OF-JARS
//! ```

#[cfg(feature = "brokers")]
mod brokers;
mod calls;
mod client;
mod contract;
mod events;
mod instructions;
mod joins;
mod json;
mod load;
mod log_line;
mod orders;
mod policies;
mod queries;
mod redaction;
mod stack;
mod statistics;
mod target;
mod thread_time;
mod tokens;
mod workload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use target::Target;
use workload::Workload;

#[derive(Debug, Parser)]
#[command(about = "Benchmarks, paired with the bare alternative")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Throughput and latency of the full stack beside bare axum and bare tonic, the server on one core and the load on another, in ABBA order.
    Stack {
        /// Blocks of four runs.
        #[arg(long, default_value_t = 3)]
        blocks: u32,
        /// Seconds of one run.
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
        /// Keep-alive connections.
        #[arg(long, default_value_t = 16)]
        connections: u32,
    },
    /// Instructions per request by callgrind: N requests against 2N, so that the start does not count.
    Instructions {
        /// Requests of the shorter run.
        #[arg(long, default_value_t = 1_000)]
        requests: u32,
        /// Keep callgrind's profile of the longer run under this prefix.
        #[arg(long)]
        keep: Option<std::path::PathBuf>,
    },
    /// Nanoseconds of one log line beside the usual formatter's.
    LogLine {
        /// Measurements of each.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
    },
    /// The filter of personal and secret data over the texts of a log line and over a body, beside the same without it.
    Redaction {
        /// Rounds of each.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
    },
    /// Reading and writing the JSON of a contract beside `serde_json` on an equal struct, on one core.
    Json {
        /// Blocks of four runs.
        #[arg(long, default_value_t = 5)]
        blocks: u32,
        /// Seconds of one run.
        #[arg(long, default_value_t = 0.5)]
        seconds: f64,
    },
    /// Calls of the full HTTP client beside bare hyper and `reqwest`, one after the other on one connection.
    Client {
        /// Rounds of each.
        #[arg(long, default_value_t = 30)]
        rounds: u32,
    },
    /// Verifying tokens beside bare `jsonwebtoken`, and requests with them beside anonymous ones.
    Tokens {
        /// Rounds of each.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
        /// Count the instructions of a request by callgrind, with this many of them against twice as many, and measure no time. With fewer than 50,000 the making of a
        /// key, which takes longer in one process than in the next, is louder than the request.
        #[arg(long, value_name = "REQUESTS")]
        instructions: Option<u32>,
    },
    /// Each policy around a call that is ready at once beside the best known crate, in turn.
    Policies {
        /// Rounds of each, of which the fastest counts.
        #[arg(long, default_value_t = 15)]
        rounds: u32,
    },
    /// From a commit by the outbox, its relays and RabbitMQ to the consumer: events a second, waits, and what an idle service costs.
    Events {
        /// The folder of PostgreSQL's programs.
        #[arg(long)]
        postgres: std::path::PathBuf,
        /// The folder of RabbitMQ's own programs.
        #[arg(long)]
        rabbitmq: std::path::PathBuf,
        /// Events of the burst.
        #[arg(long, default_value_t = 60_000)]
        events: u32,
    },
    /// Questions to PostgreSQL beside bare sqlx, in turns.
    Queries {
        /// The folder of PostgreSQL's programs.
        #[arg(long)]
        postgres: std::path::PathBuf,
        /// Rounds of each.
        #[arg(long, default_value_t = 20)]
        rounds: u32,
    },
    /// Joins of City Events on PostgreSQL beside the same statements by pgbench, in turns; the program `city-events-join` has to be built beside this one.
    Joins {
        /// The folder of PostgreSQL's programs, pgbench among them.
        #[arg(long)]
        postgres: std::path::PathBuf,
        /// Blocks of four turns.
        #[arg(long, default_value_t = 2)]
        blocks: u32,
        /// Seconds of a turn.
        #[arg(long, default_value_t = 5)]
        seconds: u32,
    },
    /// Publishing and consuming through a whole service beside the bare client of each broker, in turns.
    #[cfg(feature = "brokers")]
    Brokers {
        #[command(flatten)]
        programs: brokers::Programs,
        /// Messages of each turn.
        #[arg(long, default_value_t = 10_000)]
        messages: u32,
        /// Blocks of four turns.
        #[arg(long, default_value_t = 3)]
        blocks: u32,
    },
    /// Serves one connection and ends: what `instructions` runs under callgrind.
    #[command(hide = true)]
    ServeOnce {
        #[arg(long)]
        target: Target,
        #[arg(long)]
        collector: String,
    },
    /// Answers this many requests without a socket and ends: what `tokens --instructions` runs under callgrind.
    #[command(hide = true)]
    AnswerOnce {
        #[arg(long)]
        requests: u32,
        /// Whether the callers are known.
        #[arg(long)]
        known: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().benchmark {
        Benchmark::Stack {
            blocks,
            seconds,
            connections,
        } => stack::run(blocks, seconds, connections),
        Benchmark::Instructions { requests, keep } => instructions::run(requests, keep.as_deref()),
        Benchmark::LogLine { rounds } => log_line::run(rounds),
        Benchmark::Redaction { rounds } => redaction::run(rounds),
        Benchmark::Client { rounds } => client::run(rounds),
        Benchmark::Tokens {
            rounds,
            instructions: None,
        } => tokens::run(rounds),
        Benchmark::Tokens {
            instructions: Some(requests),
            ..
        } => tokens::count_instructions(requests),
        Benchmark::AnswerOnce { requests, known } => tokens::answer_once(requests, known),
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
        Benchmark::Queries { postgres, rounds } => queries::run(&postgres, rounds),
        #[cfg(feature = "brokers")]
        Benchmark::Brokers {
            programs,
            messages,
            blocks,
        } => brokers::run(programs, messages, blocks),
        Benchmark::Json { blocks, seconds } => json::run(blocks, seconds),
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

/// Why a benchmark ended early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Every row of the benchmarks of servers.
const WORKLOADS: [Workload; 3] = [Workload::EmptyGet, Workload::JsonEcho, Workload::Call];
