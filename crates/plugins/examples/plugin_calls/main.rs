//! Measures calls of plugins: an empty hook, the bare engine, a decision, hostile guests, memory,
//! and requests beside hostile plugins and during reloads. Fails if a goal is missed.
//!
//! The parts are `calls`, `hostile`, `memory`, `beside` and `reload`. Name some to run only these.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-plugins --features wasm --example plugin_calls -- calls
//! ```
#![expect(clippy::print_stdout, reason = "the program prints its figures")]

mod bench;
mod beside;
mod calls;
mod guests;
mod hostile;
mod memory;
mod reload;
mod requests;
mod times;

use std::{error::Error, time::Duration};

use bench::Bench;

type Failure = Box<dyn Error + Send + Sync>;

/// The timeout of hooks.
const DEADLINE: Duration = Duration::from_millis(50);

async fn run(parts: Vec<String>) -> Result<(), Failure> {
    let has = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    let bench = Bench::start(100).await?;
    if has("calls") {
        calls::calls(&bench).await?;
    }
    if has("hostile") {
        hostile::hostile(&bench).await?;
    }
    if has("memory") {
        memory::memory(&bench).await?;
    }
    if has("reload") {
        reload::reload(&bench).await?;
    }
    drop(bench);
    if has("beside") {
        beside::beside(&Bench::start(5).await?).await?;
    }
    match times::missed() {
        0 => Ok(()),
        missed => Err(format!("{missed} goals were missed").into()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // A request runs in a task, and not on the thread of `main`.
    tokio::spawn(run(std::env::args().skip(1).collect())).await?
}
