use std::{
    hint::black_box,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use seaworthy_telemetry::redact::{is_sensitive_name, redact, redact_body};
use serde_json::Value;

use crate::{Failure, statistics::median};

/// Duration of a measurement, long for the resolution of the clock.
const SPAN: Duration = Duration::from_millis(20);

/// A line without personal data.
const CLEAN: [(&str, &str); 6] = [
    ("message", "request"),
    ("method", "GET"),
    ("path", "/event/v1/events/{id}"),
    ("client", "10.4.0.17"),
    (
        "user_agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    ("actor", "0192d3a8-7a51-7c3e-9f4b-3f1f6f3f9b11"),
];
/// The same line with an IP address and the user agent of a browser.
const ADDRESSES: [(&str, &str); 6] = [
    ("message", "the connection pool is exhausted"),
    ("method", "GET"),
    ("path", "/event/v1/events/{id}"),
    (
        "error",
        "connection from 203.0.113.7:51022 was reset by its peer",
    ),
    (
        "user_agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    ),
    ("actor", "0192d3a8-7a51-7c3e-9f4b-3f1f6f3f9b11"),
];
/// A line of an error with personal data in all fields.
const PERSONAL: [(&str, &str); 6] = [
    (
        "message",
        "the mail to ada.lovelace@example.org was refused",
    ),
    ("method", "POST"),
    (
        "path",
        "/auth/v1/verify-email/confirm?token=fQ3vJ9b2Lr0hXyTzK8mN1pA7cE5dG6sW4uVoZiBqRxY",
    ),
    (
        "error",
        "postgres://app:correct-horse@db.internal:5432/app: connection refused",
    ),
    (
        "authorization",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    ),
    ("phone", "+33 6 12 34 56 78"),
];
/// A registration form.
const BODY: &str = r#"{"email":"ada.lovelace@example.org","password":"correct horse battery staple","name":"Ada Lovelace","city":"Berlin","newsletter":true,"interests":["jazz","chess","running"],"note":"call +33 6 12 34 56 78 after six","age":36}"#;

/// Measures log lines with redaction against copied ones, and a redacted body against a parsed and
/// serialized one. Each round runs both sides, so that a busy machine slows both.
pub(crate) fn run(rounds: u32) -> Result<(), Failure> {
    let _: Value = serde_json::from_str(BODY)?;
    let mut out = io::stdout().lock();
    writeln!(out, "median of {rounds} rounds, in ns")?;
    writeln!(
        out,
        "{:<28} {:>10} {:>10} {:>8} {:>6}",
        "", "without", "with", "more", "ratio"
    )?;
    for (name, fields) in [
        ("line, nothing personal", CLEAN),
        ("line, one IP address", ADDRESSES),
        ("line, everything personal", PERSONAL),
    ] {
        row(
            &mut out,
            name,
            rounds,
            &plain_line(fields),
            &filtered_line(fields),
        )?;
    }
    row(&mut out, "JSON body", rounds, &plain_body, &filtered_body)
}

type Write<'a> = &'a dyn Fn(&mut String);

fn row(
    out: &mut impl io::Write,
    name: &str,
    rounds: u32,
    without: Write<'_>,
    with: Write<'_>,
) -> Result<(), Failure> {
    let (mut bare, mut filtered) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(nanoseconds(without));
        filtered.push(nanoseconds(with));
    }
    let (bare, filtered) = (median(&bare), median(&filtered));
    writeln!(
        out,
        "{name:<28} {bare:>10.0} {filtered:>10.0} {:>+8.0} {:>6.2}",
        filtered - bare,
        filtered / bare
    )?;
    Ok(())
}

fn plain_line(fields: [(&'static str, &'static str); 6]) -> impl Fn(&mut String) {
    move |line| {
        for (name, value) in black_box(fields) {
            line.push_str(name);
            line.push('=');
            line.push_str(value);
        }
    }
}

/// Writes fields as the log does (`Line::text`).
fn filtered_line(fields: [(&'static str, &'static str); 6]) -> impl Fn(&mut String) {
    move |line| {
        for (name, value) in black_box(fields) {
            line.push_str(name);
            line.push('=');
            match is_sensitive_name(name) {
                true => line.push_str(seaworthy_telemetry::redact::MASK),
                false => line.push_str(&redact(value)),
            }
        }
    }
}

fn plain_body(line: &mut String) {
    let read = serde_json::from_str::<Value>(black_box(BODY));
    let written = read.and_then(|value| serde_json::to_string(&value));
    line.push_str(&written.unwrap_or_default());
}

fn filtered_body(line: &mut String) {
    line.push_str(&redact_body("application/json", black_box(BODY).as_bytes()));
}

/// Returns the mean time of one line in nanoseconds, with a reused buffer.
fn nanoseconds(write: Write<'_>) -> f64 {
    let mut line = String::with_capacity(1_024);
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < SPAN {
        for _ in 0..16 {
            line.clear();
            write(&mut line);
            black_box(&line);
        }
        runs += 16;
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(runs)
}
