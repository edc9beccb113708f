use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use seaworthy_http::server::{Listener, ListenerConfig};

use super::{ALIVE, stack};
use crate::{
    Failure,
    load::{self, Requests},
    statistics::median,
};

const CONNECTIONS: usize = 16;
/// How long one run lasts.
const SPAN: Duration = Duration::from_secs(1);
/// Runs of which each is two of both, in ABBA order; more say little more.
const MOST_BLOCKS: u32 = 5;

/// Answers a second over keep-alive connections, the server on the first core and the load on the last.
pub(super) fn run(out: &mut impl Write, rounds: u32) -> Result<(), Failure> {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let (Some(first), Some(last)) = (cores.first().copied(), cores.last().copied()) else {
        return Err("the cores of this machine are not known".into());
    };
    core_affinity::set_for_current(last);
    let (address, credentials) = serve(first)?;
    let request = |more: &str| format!("GET / HTTP/1.1\r\nhost: bench\r\n{more}\r\n").into_bytes();
    let anonymous: Requests = [request("")].into();
    let known: Requests = credentials
        .iter()
        .map(|value| request(&format!("authorization: {value}\r\n")))
        .collect();
    let measure = |requests: &Requests| -> Result<f64, Failure> {
        let answered = load::count(address, requests, CONNECTIONS, SPAN)?;
        Ok(f64::from(answered) / SPAN.as_secs_f64())
    };
    for requests in [&anonymous, &known] {
        measure(requests)?;
    }
    let (mut unknown, mut remembered) = (Vec::new(), Vec::new());
    for _ in 0..rounds.min(MOST_BLOCKS) {
        unknown.push(measure(&anonymous)?);
        remembered.push(measure(&known)?);
        remembered.push(measure(&known)?);
        unknown.push(measure(&anonymous)?);
    }
    let (unknown, remembered) = (median(&unknown), median(&remembered));
    writeln!(
        out,
        "\nover {CONNECTIONS} connections to a server on one core, {ALIVE} EdDSA tokens alive, revocation on, in answers a second"
    )?;
    writeln!(out, "anonymous     {unknown:>8.0}")?;
    writeln!(out, "authenticated {remembered:>8.0}")?;
    writeln!(
        out,
        "throughput    {:>8.2} of anonymous",
        remembered / unknown
    )?;
    Ok(())
}

/// Serves on a thread of its own that is pinned to this core. Returns where, and the credentials of known callers.
fn serve(core: core_affinity::CoreId) -> Result<(SocketAddr, Vec<String>), Failure> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        core_affinity::set_for_current(core);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return tell.send(Err(error.into())).unwrap_or_default(),
        };
        runtime.block_on(async {
            if tell.send(listen().await).is_ok() {
                std::future::pending::<()>().await;
            }
        });
    });
    told.recv()?
}

async fn listen() -> Result<(SocketAddr, Vec<String>), Failure> {
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
    Ok((address, credentials))
}
