//! A fault-injecting TCP proxy as a command.
//!
//! ```text
//! cargo run -p seaworthy-testkit --example fault_proxy -- 127.0.0.1:16379 127.0.0.1:6379 latency=50ms jitter=20ms
//! ```
//!
//! After the two addresses: `latency=50ms`, `jitter=20ms`, `bandwidth=100KiB` (a second), `slice=1`
//! (bytes), and one of `down`, `reset`, `blackhole`, `half-open`. A line on standard input replaces
//! the faults. An empty line removes them.

use std::{error::Error, net::SocketAddr};

use seaworthy_core::{ByteSize, Delay};
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "this is a command")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: fault_proxy LISTEN SERVER [FAULT...]";
    let listen: SocketAddr = arguments.next().ok_or(usage)?.parse()?;
    let server: SocketAddr = arguments.next().ok_or(usage)?.parse()?;
    let proxy = FaultProxy::start_at(listen, server).await?;
    proxy.set(parse(arguments)?);
    println!("{} -> {server}", proxy.address());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match parse(line.split_whitespace().map(str::to_owned)) {
            Ok(fault) => {
                proxy.set(fault);
                println!("{fault:?}");
            }
            Err(error) => println!("{error}"),
        }
    }
    std::future::pending().await
}

fn parse(words: impl Iterator<Item = String>) -> Result<Fault, Box<dyn Error>> {
    let mut fault = Fault::none();
    for word in words {
        match word.split_once('=').unwrap_or((&word, "")) {
            ("latency", value) => fault.latency = value.parse::<Delay>()?.get(),
            ("jitter", value) => fault.jitter = value.parse::<Delay>()?.get(),
            ("bandwidth", value) => fault.bandwidth = Some(value.parse::<ByteSize>()?.get()),
            ("slice", value) => fault.slice = Some(value.parse()?),
            ("down", "") => fault.disruption = Some(Disruption::Down),
            ("reset", "") => fault.disruption = Some(Disruption::Reset),
            ("blackhole", "") => fault.disruption = Some(Disruption::Blackhole),
            ("half-open", "") => fault.disruption = Some(Disruption::HalfOpen),
            _ => return Err(format!("{word:?} is not a fault").into()),
        }
    }
    Ok(fault)
}
