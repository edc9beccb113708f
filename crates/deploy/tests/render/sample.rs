use std::path::{Path, PathBuf};

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::{Facts, Metric, MetricKind};

/// The folder of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The `deploy` folders of the platforms.
pub(crate) fn platforms() -> Vec<PathBuf> {
    let platforms = repository().join("platforms");
    let folders = std::fs::read_dir(platforms).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path().join("deploy"));
    let has_facts = |folder: &PathBuf| folder.join("facts").is_dir();
    let mut folders: Vec<_> = folders.filter(has_facts).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

/// The committed facts of a platform.
pub(crate) fn facts(deploy: &Path) -> Vec<Facts> {
    let files = std::fs::read_dir(deploy.join("facts")).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    read.map(|text| Facts::from_json(&text).unwrap()).collect()
}

/// The service join of City Events, which has a database, a broker, an outbox and workers.
pub(crate) fn join() -> Facts {
    let deploy = repository().join("platforms/city-events/deploy");
    let join = facts(&deploy)
        .into_iter()
        .find(|facts| facts.name == "join-service");
    join.unwrap()
}

/// The service join with every metric and every setting that an alert needs.
pub(crate) fn complete() -> Facts {
    let mut facts = join();
    for name in [
        "audit_log_damaged",
        "captcha_codes_limited_total",
        "data_key_expiry_timestamp_seconds",
        "feature_flag_oldest_override_seconds",
        "feature_flag_source_stale",
        "load_shed_total",
        "operation_log_dropped_total",
        "plugin_calls_total",
        "plugin_faults_total",
        "process_start_time_seconds",
        "rate_limit_errors_total",
        "tls_certificate_expiry_timestamp_seconds",
        "tls_reload_failures_total",
        "worker_lease_held",
    ] {
        let labels: &[&str] = match name {
            "plugin_calls_total" | "plugin_faults_total" => &["plugin", "reason"],
            "worker_lease_held" => &["worker"],
            _ => &[],
        };
        if facts.metric(name).is_none() {
            facts.metrics.push(Metric {
                name: format!("{}{name}", facts.metric_prefix),
                kind: MetricKind::Gauge,
                help: "A metric.".to_owned(),
                labels: labels.iter().map(|&label| label.to_owned()).collect(),
                bounds: Vec::new(),
            });
        }
    }
    for key in ["flags.remote.source", "rate_limit.redis.url"] {
        let address = "rediss://redis.internal:6379".into();
        facts.values.insert(key.to_owned(), address);
    }
    facts
}

/// The overlay of a platform.
pub(crate) fn overlay(deploy: &Path) -> Overlay {
    seaworthy_deploy::read_overlay(deploy).unwrap()
}

/// Renders one service without an overlay.
pub(crate) fn files(facts: Facts) -> Files {
    render(&[facts], &Overlay::default()).unwrap()
}
