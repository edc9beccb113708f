//! The panels of the process.

use super::panel::{Panel, panel};

pub(super) const PANELS: &[Panel] = &[
    panel(
        "Runtime",
        "Open connections",
        "short",
        &["http_connections_open"],
        &[("sum by (listener) ($http_connections_open)", "{{listener}}")],
    ),
    panel(
        "Runtime",
        "Days until certificates expire",
        "d",
        &["tls_certificate_expiry_timestamp_seconds"],
        &[(
            "(min by (listener) ($tls_certificate_expiry_timestamp_seconds) - time()) / 86400",
            "{{listener}}",
        )],
    ),
    panel(
        "Runtime",
        "Days until the active data key expires",
        "d",
        &["data_key_expiry_timestamp_seconds"],
        &[(
            "(max($data_key_expiry_timestamp_seconds) - time()) / 86400",
            "active",
        )],
    ),
    panel(
        "Runtime",
        "Reloads of TLS files in an hour",
        "short",
        &["tls_reloads_total", "tls_reload_failures_total"],
        &[
            (
                "sum by (listener) (increase($tls_reloads_total[1h]))",
                "{{listener}}",
            ),
            (
                "sum by (listener) (increase($tls_reload_failures_total[1h]))",
                "{{listener}} failed",
            ),
        ],
    ),
    panel(
        "Runtime",
        "Calls of plugins",
        "reqps",
        &["plugin_calls_total", "plugin_faults_total"],
        &[
            (
                "sum by (plugin) (rate($plugin_calls_total[5m]))",
                "{{plugin}}",
            ),
            (
                "sum by (plugin, reason) (rate($plugin_faults_total[5m]))",
                "{{plugin}} {{reason}}",
            ),
        ],
    ),
    panel(
        "Runtime",
        "Age of the oldest override of a feature flag",
        "s",
        &["feature_flag_oldest_override_seconds"],
        &[("max($feature_flag_oldest_override_seconds)", "oldest")],
    ),
    panel(
        "Runtime",
        "CPU",
        "short",
        &["process_cpu_seconds_total"],
        &[("rate($process_cpu_seconds_total[5m])", "{{instance}}")],
    ),
    panel(
        "Runtime",
        "Memory",
        "bytes",
        &["process_resident_memory_bytes"],
        &[("$process_resident_memory_bytes", "{{instance}}")],
    ),
    panel(
        "Runtime",
        "Busy worker threads",
        "percentunit",
        &["runtime_busy_seconds_total", "runtime_workers"],
        &[(
            "rate($runtime_busy_seconds_total[5m]) / $runtime_workers",
            "{{instance}}",
        )],
    ),
    panel(
        "Runtime",
        "Open file descriptors",
        "short",
        &["process_open_fds"],
        &[("$process_open_fds", "{{instance}}")],
    ),
];
