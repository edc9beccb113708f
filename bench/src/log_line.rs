use std::{
    hint::black_box,
    io::{self, Write as _},
    sync::Arc,
    time::Instant,
};

use seaworthy_core::{RequestContext, RequestId, ServiceIdentity, context, trace::TraceContext};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, LogFormat, LogRateLimitConfig, NullSink},
    tracer::TracingConfig,
};
use tracing_subscriber::fmt;

use crate::{Failure, statistics::median};

/// Number of lines per measurement: many for the resolution of the clock, and so few that some
/// measurements run without interruption.
const LINES: u32 = 20_000;

/// Measures a JSON line with six fields in a request with a trace, against the formatter of
/// tracing-subscriber in a span with the same identifiers. Only the framework redacts.
pub(crate) fn run(rounds: u32) -> Result<(), Failure> {
    let identity = ServiceIdentity::new("bench", "1.0.0");
    let log = LogConfig {
        format: LogFormat::Json,
        rate_limit: LogRateLimitConfig {
            per_second: u32::MAX,
            ..LogRateLimitConfig::default()
        },
        ..LogConfig::default()
    };
    let _telemetry = Telemetry::start_with_sink(
        &identity,
        &log,
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(NullSink),
    )?;
    let request = Arc::new(RequestContext::new(
        identity,
        RequestId::generate(),
        TraceContext::root(false),
    ));
    let formatter = tracing::Dispatch::new(fmt().json().with_writer(io::sink).finish());
    let (mut seaworthy, mut baseline) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        seaworthy.push(context::sync_scope(Arc::clone(&request), measure));
        baseline.push(tracing::dispatcher::with_default(&formatter, || {
            let request_id = request.request_id().to_string();
            let trace = request.trace().trace_id().to_string();
            let span = tracing::info_span!(
                "request",
                service = "bench",
                version = "1.0.0",
                request_id,
                trace
            );
            span.in_scope(measure)
        }));
    }
    let min = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "one JSON line with six fields and a trace, {rounds} rounds of {LINES}"
    )?;
    writeln!(out, "{:<24} {:>10} {:>10}", "", "min ns", "median ns")?;
    for (name, values) in [
        ("tracing-subscriber json", &baseline),
        ("seaworthy, redacted", &seaworthy),
    ] {
        writeln!(
            out,
            "{name:<24} {:>10.0} {:>10.0}",
            min(values),
            median(values)
        )?;
    }
    writeln!(
        out,
        "ratio of the minimums: {:.2}",
        min(&seaworthy) / min(&baseline)
    )?;
    Ok(())
}

/// Returns nanoseconds per line.
fn measure() -> f64 {
    let start = Instant::now();
    for number in 0..LINES {
        tracing::info!(
            order = black_box(number),
            customer = black_box("c-4711"),
            seats = black_box(3_u8),
            price = black_box(12.5_f64),
            paid = black_box(true),
            channel = black_box("web"),
            "order taken"
        );
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "nanoseconds of one measurement are far below 2^52"
    )]
    let nanos = start.elapsed().as_nanos() as f64;
    nanos / f64::from(LINES)
}
