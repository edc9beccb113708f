use std::{io, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use super::{
    faults::{Disruption, Fault},
    trigger::Trigger,
};

/// The maximum size of one read.
const PIECE: usize = 16 * 1024;
/// Maximum pieces in flight, about 16 MiB, so that latency does not bound the throughput.
const IN_FLIGHT: usize = 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

/// The reason why a connection ends immediately.
#[derive(Debug)]
struct Cut;

/// A piece and the time of its arrival.
type Piece = (Instant, Vec<u8>);

/// Copies bytes in both directions until both sides have closed or a fault ends the connection.
pub(super) async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    faults: watch::Receiver<Fault>,
    trigger: Trigger,
    seed: u64,
) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_read, client_write) = client.split();
    let (server_read, server_write) = server.split();
    let there = direction(
        client_read,
        server_write,
        faults.clone(),
        Some(trigger),
        seed,
    );
    let back = direction(server_read, client_write, faults.clone(), None, seed ^ 1);
    let mut down = faults;
    let cut = async {
        _ = down
            .wait_for(|fault| fault.disruption == Some(Disruption::Down))
            .await
    };
    let both = async { tokio::try_join!(there, back) };
    let is_cut = tokio::select! {
        ended = both => ended.is_err(),
        () = cut => true,
    };
    if is_cut {
        reset(&client);
        reset(&server);
    }
}

async fn direction(
    mut from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    faults: watch::Receiver<Fault>,
    trigger: Option<Trigger>,
    seed: u64,
) -> Result<(), Cut> {
    let (sender, receiver) = mpsc::channel::<Piece>(IN_FLIGHT);
    let watched = faults.clone();
    let direction = match &trigger {
        Some(_) => Direction::ToServer,
        None => Direction::ToClient,
    };
    let reading = async move {
        let mut random = StdRng::seed_from_u64(seed);
        let mut arrival = Instant::now();
        let mut buffer = vec![0; PIECE];
        loop {
            let read = from.read(&mut buffer).await.unwrap_or(0);
            if let (Some(trigger), Some(piece)) = (&trigger, buffer.get(..read)) {
                trigger.look_at(piece);
            }
            let fault = *watched.borrow();
            if fault.disruption == Some(Disruption::Reset) && read > 0 {
                return Err(Cut);
            }
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return Ok(());
            };
            if is_swallowed(fault, direction) {
                continue;
            }
            let jitter = fault.jitter.mul_f64(random.random());
            arrival = arrival.max(Instant::now() + fault.latency + jitter);
            if sender.send((arrival, bytes.to_vec())).await.is_err() {
                return Ok(());
            }
        }
    };
    let ((), ()) = tokio::try_join!(reading, writing(to, receiver, faults))?;
    Ok(())
}

async fn writing(
    mut to: WriteHalf<'_>,
    mut pieces: mpsc::Receiver<Piece>,
    faults: watch::Receiver<Fault>,
) -> Result<(), Cut> {
    while let Some((arrival, bytes)) = pieces.recv().await {
        sleep_until(arrival).await;
        let fault = *faults.borrow();
        let size = fault.slice.unwrap_or(bytes.len()).max(1);
        for slice in bytes.chunks(size) {
            if let Some(rate) = fault.bandwidth {
                sleep(time_of(slice.len(), rate)).await;
            }
            if to.write_all(slice).await.is_err() {
                return Ok(());
            }
            if fault.slice.is_some() {
                tokio::task::yield_now().await;
            }
        }
    }
    let _: io::Result<()> = to.shutdown().await;
    Ok(())
}

fn is_swallowed(fault: Fault, direction: Direction) -> bool {
    match fault.disruption {
        Some(Disruption::Blackhole) => true,
        Some(Disruption::HalfOpen) => direction == Direction::ToClient,
        Some(Disruption::Down | Disruption::Reset) | None => false,
    }
}

fn time_of(bytes: usize, rate: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64)
}

/// Makes this stream end with a reset (RST) instead of a graceful end (FIN).
pub(super) fn reset(stream: &TcpStream) {
    let _: io::Result<()> = stream.set_zero_linger();
}
