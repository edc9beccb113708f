use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    histogram::{Exemplar, Histogram},
    registry::{Group, Kind, Metrics, Series},
};

/// The text formats of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// The Prometheus text format 0.0.4.
    PrometheusText,
}

impl Format {
    /// Returns the format for an `Accept` header: OpenMetrics if it is accepted by name, otherwise
    /// Prometheus text.
    #[must_use]
    pub fn negotiate(accept: &str) -> Self {
        match is_accepted(accept, "application/openmetrics-text") {
            true => Self::OpenMetrics,
            false => Self::PrometheusText,
        }
    }

    /// The `Content-Type` of the format.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::PrometheusText => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Whether an `Accept` or `Accept-Encoding` header names `value` and its quality is not zero.
pub(super) fn is_accepted(header: &str, value: &str) -> bool {
    header.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(value));
        is_named
            && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

impl Metrics {
    /// Returns all metrics as text.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        let mut text = String::new();
        self.each_group(|name, group| write_group(&mut text, format, name, group));
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }
}

fn write_group(text: &mut String, format: Format, name: &str, group: &Group) {
    // In OpenMetrics the name of a counter's family omits the suffix that its samples have.
    let (family, kind) = match (format, group.kind) {
        (Format::OpenMetrics, Kind::Counter) => (name.trim_end_matches("_total"), "counter"),
        (Format::OpenMetrics, Kind::Info) => (name.trim_end_matches("_info"), "info"),
        (Format::PrometheusText, Kind::Info) | (_, Kind::Gauge) => (name, "gauge"),
        (_, Kind::Counter) => (name, "counter"),
        (_, Kind::Histogram) => (name, "histogram"),
    };
    let _ = writeln!(text, "# TYPE {family} {kind}");
    if format == Format::OpenMetrics
        && let Some(unit) = ["seconds", "bytes", "ratio"]
            .into_iter()
            .find(|unit| family.ends_with(&format!("_{unit}")))
    {
        let _ = writeln!(text, "# UNIT {family} {unit}");
    }
    let _ = write!(text, "# HELP {family} ");
    for character in group.help.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' if format == Format::OpenMetrics => text.push_str("\\\""),
            other => text.push(other),
        }
    }
    text.push('\n');
    for (labels, series) in &group.series {
        match series {
            Series::Counter(counter) => write_sample(text, name, "", labels, counter.get()),
            Series::Gauge(gauge) => write_sample(text, name, "", labels, gauge.get()),
            Series::Observable(compute) => write_sample(text, name, "", labels, number(compute())),
            Series::Histogram(histogram) => write_histogram(text, format, name, labels, histogram),
        }
    }
}

fn write_sample(
    text: &mut String,
    name: &str,
    suffix: &str,
    labels: &str,
    value: impl std::fmt::Display,
) {
    let _ = if labels.is_empty() {
        writeln!(text, "{name}{suffix} {value}")
    } else {
        writeln!(text, "{name}{suffix}{{{labels}}} {value}")
    };
}

fn write_histogram(
    text: &mut String,
    format: Format,
    name: &str,
    labels: &str,
    histogram: &Histogram,
) {
    let snapshot = histogram.snapshot();
    let comma = if labels.is_empty() { "" } else { "," };
    for (bound, count, exemplar) in snapshot.buckets {
        let _ = write!(
            text,
            "{name}_bucket{{{labels}{comma}le=\"{}\"}} {count}",
            bucket_bound(bound)
        );
        if let (Format::OpenMetrics, Some(exemplar)) = (format, exemplar) {
            write_exemplar(text, &exemplar);
        }
        text.push('\n');
    }
    write_sample(text, name, "_count", labels, snapshot.count);
    write_sample(text, name, "_sum", labels, number(snapshot.sum));
}

fn write_exemplar(text: &mut String, exemplar: &Exemplar) {
    let Exemplar {
        trace_id,
        span_id,
        value,
        at,
    } = exemplar;
    let at = at
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64();
    let _ = write!(
        text,
        " # {{trace_id=\"{trace_id}\",span_id=\"{span_id}\"}} {value} {at:.3}"
    );
}

/// Formats the upper bound of a bucket as a canonical float, which OpenMetrics requires.
fn bucket_bound(bound: f64) -> String {
    if bound.is_infinite() {
        "+Inf".to_owned()
    } else {
        format!("{bound:?}")
    }
}

fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

/// Returns the seconds since the Unix epoch.
pub(super) fn unix_seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
