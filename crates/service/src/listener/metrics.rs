use seaworthy_http::server::{ConnectionStatsSnapshot, ServerHandle};
use seaworthy_telemetry::metrics::Metrics;

/// One of the listener's counts.
type Count = fn(&ConnectionStatsSnapshot) -> u64;

/// Why a connection or a request was refused or cut off, and where the listener counts it.
const REASONS: [(&str, Count); 13] = [
    ("full", |stats| stats.refused_full),
    ("full_per_address", |stats| stats.refused_per_ip),
    ("handshake_failed", |stats| stats.handshake_failures),
    ("handshake_timeout", |stats| stats.handshake_timeouts),
    ("first_byte_timeout", |stats| stats.first_byte_timeouts),
    ("head_timeout", |stats| stats.head_timeouts),
    ("idle_timeout", |stats| stats.idle_timeouts),
    ("body_timeout", |stats| stats.body_timeouts),
    ("write_stall", |stats| stats.write_stalls),
    ("max_age", |stats| stats.max_age),
    ("reset_flood", |stats| stats.reset_floods),
    ("malformed", |stats| stats.malformed),
    ("refused_request", |stats| stats.refused_requests),
];

/// Registers what happens to the connections of a listener (OBS-5).
pub(crate) fn register_connections(
    metrics: &Metrics,
    listener: &'static str,
    server: &ServerHandle,
) {
    let count = |read: Count| {
        let server = server.clone();
        move || number(read(&server.stats()))
    };
    let labels = [("listener", listener)];
    metrics.observable_gauge(
        "http_connections_open",
        "Connections that are open.",
        &labels,
        count(|stats| stats.open),
    );
    metrics.observable_counter(
        "http_connections_accepted_total",
        "Connections accepted.",
        &labels,
        count(|stats| stats.accepted),
    );
    let help = "Accepts that failed, such as for want of file descriptors.";
    metrics.observable_counter(
        "http_accept_errors_total",
        help,
        &labels,
        count(|stats| stats.accept_errors),
    );
    metrics.observable_counter(
        "tls_reloads_total",
        "Times that new TLS files were taken.",
        &labels,
        count(|stats| stats.tls_reloads),
    );
    metrics.observable_counter(
        "tls_reload_failures_total",
        "Times that new TLS files could not be used.",
        &labels,
        count(|stats| stats.tls_reload_failures),
    );
    let help = "Connections and requests that were refused or cut off by a limit.";
    for (reason, read) in REASONS {
        metrics.observable_counter(
            "http_connections_cut_total",
            help,
            &[("listener", listener), ("reason", reason)],
            count(read),
        );
    }
}

fn number(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53, which takes a million connections a second three centuries"
    )]
    let number = count as f64;
    number
}
