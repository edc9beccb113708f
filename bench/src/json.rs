//! Parses and serializes a document as a message of a contract and as an equal serde struct.

use std::{
    fs,
    hint::black_box,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use seaworthy_contract::{Naming, Validate as _, Violations, json};

use crate::{
    Failure,
    contract::Order,
    statistics::median,
    workload::{self, document},
};

/// Number of calls between two reads of the clock.
const BATCH: u32 = 200;
const WARM_UP: Duration = Duration::from_millis(300);

pub(crate) fn run(blocks: u32, seconds: f64) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    writeln!(out, "load average before: {}", load.trim())?;
    let text = document();
    let message = read_contract(text.as_bytes())?;
    let plain = read_serde(text.as_bytes())?;
    let written = json::to_vec(&message)?;
    writeln!(
        out,
        "one order of {} bytes; microseconds per KiB, medians of {} runs each, in ABBA order\n",
        text.len(),
        blocks * 2
    )?;
    writeln!(
        out,
        "{:<8} {:>12} {:>12} {:>8}",
        "", "serde_json", "contract", "times"
    )?;
    let time = Duration::from_secs_f64(seconds);
    let read = compare(
        blocks,
        time,
        text.len(),
        || read_serde(black_box(text.as_bytes())).map(|order| drop(black_box(order))),
        || read_contract(black_box(text.as_bytes())).map(|order| drop(black_box(order))),
    )?;
    writeln!(out, "{:<8} {read}", "read")?;
    let write = compare(
        blocks,
        time,
        written.len(),
        || write_serde(black_box(&plain)).map(|text| drop(black_box(text))),
        || write_contract(black_box(&message)).map(|text| drop(black_box(text))),
    )?;
    writeln!(out, "{:<8} {write}", "write")?;
    Ok(())
}

fn read_serde(text: &[u8]) -> Result<workload::Order, Failure> {
    Ok(serde_json::from_slice(text)?)
}

/// Parses the document as a route does, with validation. The message has no rules.
fn read_contract(text: &[u8]) -> Result<Order, Failure> {
    let mut message = Order::default();
    let mut violations = Violations::new(Naming::Json);
    json::decode_into(text, &mut message, &mut violations)?;
    message.validate(&mut violations);
    if !violations.is_empty() {
        return Err(format!("{:?}", violations.as_slice()).into());
    }
    Ok(message)
}

fn write_serde(order: &workload::Order) -> Result<Vec<u8>, Failure> {
    Ok(serde_json::to_vec(order)?)
}

fn write_contract(order: &Order) -> Result<Vec<u8>, Failure> {
    Ok(json::to_vec(order)?)
}

/// Runs both sides in ABBA order, so that drift of the machine affects both equally.
fn compare(
    blocks: u32,
    time: Duration,
    bytes: usize,
    mut serde: impl FnMut() -> Result<(), Failure>,
    mut contract: impl FnMut() -> Result<(), Failure>,
) -> Result<String, Failure> {
    measure(WARM_UP, bytes, &mut serde)?;
    measure(WARM_UP, bytes, &mut contract)?;
    let (mut baseline, mut seaworthy) = (Vec::new(), Vec::new());
    for _ in 0..blocks {
        baseline.push(measure(time, bytes, &mut serde)?);
        seaworthy.push(measure(time, bytes, &mut contract)?);
        seaworthy.push(measure(time, bytes, &mut contract)?);
        baseline.push(measure(time, bytes, &mut serde)?);
    }
    let (baseline, seaworthy) = (median(&baseline), median(&seaworthy));
    Ok(format!(
        "{baseline:>12.2} {seaworthy:>12.2} {:>8.2}",
        seaworthy / baseline
    ))
}

/// Returns microseconds per KiB.
fn measure(
    time: Duration,
    bytes: usize,
    call: &mut impl FnMut() -> Result<(), Failure>,
) -> Result<f64, Failure> {
    let start = Instant::now();
    let mut calls = 0_u32;
    while start.elapsed() < time {
        for _ in 0..BATCH {
            call()?;
        }
        calls = calls.saturating_add(BATCH);
    }
    let kibibytes = f64::from(calls) * bytes_as_kibibytes(bytes);
    Ok(start.elapsed().as_secs_f64() * 1e6 / kibibytes)
}

fn bytes_as_kibibytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contract_and_serde_parse_the_same_order_api_1() {
        let text = document();
        let seaworthy = read_contract(text.as_bytes()).unwrap();
        let baseline = read_serde(text.as_bytes()).unwrap();
        assert_eq!(seaworthy.id, baseline.id);
        assert_eq!(seaworthy.note, baseline.note);
        assert_eq!(seaworthy.lines.len(), baseline.lines.len());
        assert_eq!(seaworthy.lines[3].article, baseline.lines[3].article);
    }
}
