//! Measures the memory of idle clients of Socket.IO, and of bare servers with the same number of
//! connections. Each measurement runs in a process of its own.
//!
//! Run `cargo run --release -p seaworthy-realtime --example idle_sockets`. It needs 20,200 open
//! files for 10,000 connections.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends with the first error"
)]

mod measure;

use std::{env, process::Command};

use measure::{Measured, measure};

const MEBIBYTE: f64 = 1_048_576.0;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let names = [
        ("socket.io", Measured::SocketIo),
        ("websocket", Measured::WebSocket),
        ("tcp", Measured::Tcp),
    ];
    let Some(wanted) = env::args().nth(1) else {
        for (name, _) in names {
            let program = env::current_exe().unwrap();
            let status = Command::new(program).arg(name).status().unwrap();
            assert!(status.success(), "{name} failed");
        }
        return;
    };
    let found = names.iter().find(|(name, _)| *name == wanted);
    let (name, measured) = found.unwrap();
    let (count, each) = measure(*measured).await;
    let mebibytes = each as f64 * 10_000.0 / MEBIBYTE;
    println!("{name}: {count} clients, {each} bytes each, {mebibytes:.1} MiB for 10,000");
}
