use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use seaworthy_http::server::{Listener, ListenerConfig};

use super::{TOKENS, stack};
use crate::{
    Failure,
    load::{self, Requests},
    statistics::median,
    thread_time::ThreadTime,
};

const CONNECTIONS: usize = 16;
/// Duration of a run.
const SPAN: Duration = Duration::from_secs(1);
/// Maximum number of blocks of two runs of each kind. More blocks change the medians little.
const MAX_BLOCKS: u32 = 5;

/// Measures responses per second on keep-alive connections. The server runs on the first core and
/// the load on the last.
pub(super) fn run(out: &mut impl Write, rounds: u32) -> Result<(), Failure> {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let (Some(first), Some(last)) = (cores.first().copied(), cores.last().copied()) else {
        return Err("the cores of this machine cannot be listed".into());
    };
    core_affinity::set_for_current(last);
    let (address, credentials, time) = serve(first)?;
    let request = |more: &str| format!("GET / HTTP/1.1\r\nhost: bench\r\n{more}\r\n").into_bytes();
    let anonymous: Requests = [request("")].into();
    let with = |header: &str| -> Requests {
        let line = |value| request(&format!("{header}: {value}\r\n"));
        credentials.iter().map(line).collect()
    };
    // `long` sends the tokens in an ignored header, to measure the cost of the bytes.
    let (known, long) = (with("authorization"), with("not-authorized"));
    let measure = |requests: &Requests, runs: &mut Runs| -> Result<(), Failure> {
        let before = time.nanos()?;
        let answered = f64::from(load::count(address, requests, CONNECTIONS, SPAN)?);
        let used = Duration::from_nanos(time.nanos()?.saturating_sub(before));
        runs.a_second.push(answered / SPAN.as_secs_f64());
        runs.cpu.push(used.as_secs_f64() * 1e6 / answered);
        Ok(())
    };
    for requests in [&anonymous, &long, &known] {
        measure(requests, &mut Runs::default())?;
    }
    let (mut unknown, mut ignored, mut remembered) =
        (Runs::default(), Runs::default(), Runs::default());
    for _ in 0..rounds.min(MAX_BLOCKS) {
        measure(&anonymous, &mut unknown)?;
        measure(&long, &mut ignored)?;
        measure(&known, &mut remembered)?;
        measure(&known, &mut remembered)?;
        measure(&long, &mut ignored)?;
        measure(&anonymous, &mut unknown)?;
    }
    let [unknown, ignored, remembered] = [unknown, ignored, remembered].map(|runs| runs.medians());
    writeln!(
        out,
        "\nover {CONNECTIONS} connections to a server on one core, {TOKENS} EdDSA valid tokens, with revocation"
    )?;
    writeln!(out, "{:<14} {:>10} {:>10}", "", "responses/s", "CPU us")?;
    for (name, [a_second, cpu]) in [
        ("anonymous", unknown),
        ("as many bytes", ignored),
        ("authenticated", remembered),
    ] {
        writeln!(out, "{name:<14} {a_second:>10.0} {cpu:>10.2}")?;
    }
    let [answered, used] = remembered;
    for (name, [a_second, cpu]) in [
        ("anonymous", unknown),
        ("anonymous of as many bytes", ignored),
    ] {
        writeln!(
            out,
            "throughput {:.2} of {name}; by CPU {:.2}",
            answered / a_second,
            cpu / used
        )?;
    }
    Ok(())
}

/// Results of runs.
#[derive(Default)]
struct Runs {
    a_second: Vec<f64>,
    /// CPU time of the server thread, in microseconds per request. Use this if other programs share
    /// the core.
    cpu: Vec<f64>,
}

impl Runs {
    fn medians(&self) -> [f64; 2] {
        [median(&self.a_second), median(&self.cpu)]
    }
}

/// Serves on a thread that is pinned to a core. Returns the address, the credentials, and the time
/// of the thread.
fn serve(core: core_affinity::CoreId) -> Result<(SocketAddr, Vec<String>, ThreadTime), Failure> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        core_affinity::set_for_current(core);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return sender.send(Err(error.into())).unwrap_or_default(),
        };
        runtime.block_on(async {
            if sender.send(listen().await).is_ok() {
                std::future::pending::<()>().await;
            }
        });
    });
    receiver.recv()?
}

async fn listen() -> Result<(SocketAddr, Vec<String>, ThreadTime), Failure> {
    let (stack, credentials) = stack()?;
    let stack = Arc::new(stack);
    let listener = Listener::bind(&ListenerConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..ListenerConfig::default()
    })
    .await?;
    let address = listener.local_addr();
    let _server = listener.serve_with(move |connection| stack.connection(connection.peer(), false));
    let credentials = credentials
        .iter()
        .map(|value| Ok(value.to_str()?.to_owned()))
        .collect::<Result<_, Failure>>()?;
    Ok((address, credentials, ThreadTime::of_this_thread()?))
}
