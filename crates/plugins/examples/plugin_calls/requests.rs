//! Requests at a fixed rate.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{Failure, bench::Bench};

/// The requests per second of all clients.
pub(crate) const RATE: u32 = 500;
/// The number of clients. A slow response delays only the requests of its client.
const CLIENTS: u32 = 16;
/// The key that counts failed requests.
pub(crate) const FAILED: &str = "failed";

pub(crate) type Sent = (Vec<Duration>, BTreeMap<String, usize>);

/// Sends requests at a fixed rate until `stop`. Returns their times, and the count of each response
/// body. [`FAILED`] counts the failed requests.
pub(crate) fn requests(
    bench: &Bench,
    path: &'static str,
    stop: &Arc<AtomicBool>,
) -> Vec<JoinHandle<Sent>> {
    let address = bench.service.addresses().http;
    let begun = Instant::now();
    let client = |client: u32| {
        let stop = Arc::clone(stop);
        thread::spawn(move || {
            let (mut times, mut bodies) = (Vec::new(), BTreeMap::new());
            for number in 0_u32.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let due = Duration::from_secs(1) * (number * CLIENTS + client) / RATE;
                let due = begun + due;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let body = match seaworthy_testkit::http::get(address, path) {
                    Ok(answer) if answer.status == 200 => answer.body,
                    _ => FAILED.to_owned(),
                };
                *bodies.entry(body).or_default() += 1;
                times.push(due.elapsed());
            }
            (times, bodies)
        })
    };
    (0..CLIENTS).map(client).collect()
}

/// Waits for the clients. Returns the times and counts of all of them.
pub(crate) fn sent(clients: Vec<JoinHandle<Sent>>) -> Result<Sent, Failure> {
    let (mut times, mut bodies) = (Vec::new(), BTreeMap::new());
    for client in clients {
        let (some, seen) = client.join().map_err(|_| "a client failed")?;
        times.extend(some);
        for (body, count) in seen {
            *bodies.entry(body).or_default() += count;
        }
    }
    Ok((times, bodies))
}
