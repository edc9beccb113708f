use seaworthy_http::server::{ConnectionStatsSnapshot, ServerHandle};
use seaworthy_telemetry::metrics::{Kind, Metrics};

/// Reads one count of a listener.
type Count = fn(&ConnectionStatsSnapshot) -> u64;

const EXPIRY: &str = "tls_certificate_expiry_timestamp_seconds";
const EXPIRY_HELP: &str = "Unix time at which the first certificate of the chain expires.";

/// The reasons for rejected or aborted connections and requests, with their counts.
const REASONS: [(&str, Count); 13] = [
    ("full", |stats| stats.rejected_full),
    ("full_per_ip", |stats| stats.rejected_per_ip),
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
    ("rejected_request", |stats| stats.rejected_requests),
];

/// Registers the metrics of a listener (OBS-5).
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
        "Open connections.",
        &labels,
        count(|stats| stats.open),
    );
    metrics.observable_counter(
        "http_connections_accepted_total",
        "Accepted connections.",
        &labels,
        count(|stats| stats.accepted),
    );
    let help = "Failed accepts, for example without a free file descriptor.";
    metrics.observable_counter(
        "http_accept_errors_total",
        help,
        &labels,
        count(|stats| stats.accept_errors),
    );
    metrics.observable_counter(
        "tls_reloads_total",
        "Successful reloads of TLS files.",
        &labels,
        count(|stats| stats.tls_reloads),
    );
    metrics.observable_counter(
        "tls_reload_failures_total",
        "Failed reloads of TLS files.",
        &labels,
        count(|stats| stats.tls_reload_failures),
    );
    register_certificate(metrics, listener, server);
    let help = "Connections and requests that a limit rejected or aborted.";
    for (reason, read) in REASONS {
        metrics.observable_counter(
            "http_connections_aborted_total",
            help,
            &[("listener", listener), ("reason", reason)],
            count(read),
        );
    }
}

fn register_certificate(metrics: &Metrics, listener: &'static str, server: &ServerHandle) {
    // Declared even without TLS: alerts are rendered from the metrics of a service that starts
    // without certificates.
    metrics.declare(Kind::Gauge, EXPIRY, EXPIRY_HELP, &["listener"]);
    if server.certificate_expires().is_none() {
        return;
    }
    let server = server.clone();
    metrics.observable_gauge(EXPIRY, EXPIRY_HELP, &[("listener", listener)], move || {
        let expires = server.certificate_expires().unwrap_or_default();
        number(u64::try_from(expires).unwrap_or_default())
    });
}

fn number(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53, which takes a million connections a second three centuries"
    )]
    let number = count as f64;
    number
}
