//! Levels apply to the whole process, so this test runs in a separate one.

use std::{sync::Arc, time::Duration};

use seaworthy_core::ServiceIdentity;
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{Level, LogConfig, MemorySink},
    tracer::TracingConfig,
};
use tracing::{debug, info};

fn log_at_all_levels() {
    debug!(target: "orders::store", "detail");
    info!(target: "quiet::part", "hidden");
    info!(target: "quieter", "shown");
}

#[tokio::test(start_paused = true)]
async fn levels_change_at_run_time_and_expire_obs_1() {
    let sink = MemorySink::default();
    let log = LogConfig {
        targets: [("quiet".to_owned(), Level::Warn)].into(),
        ..LogConfig::default()
    };
    let telemetry = Telemetry::start_with_sink(
        &ServiceIdentity::new("orders", "1.0.0"),
        &log,
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(sink.clone()),
    )
    .unwrap();
    let levels = telemetry.logs().levels();
    log_at_all_levels();
    assert_eq!(sink.lines().len(), 1);

    levels.set(
        "orders",
        Level::Debug,
        Duration::from_secs(60),
        "lost orders",
    );
    log_at_all_levels();
    assert_eq!(sink.lines().len(), 3, "with the debug line");
    let report = levels.report();
    assert_eq!(
        (
            report.overrides[0].reason.as_str(),
            report.overrides[0].expires_in_seconds
        ),
        ("lost orders", 60)
    );

    tokio::select! {
        () = levels.expire() => {}
        () = tokio::time::sleep(Duration::from_secs(61)) => {}
    }
    log_at_all_levels();
    assert_eq!(sink.lines().len(), 4, "the override has expired");
    assert_eq!(levels.report().overrides, []);

    levels.configure(&LogConfig {
        level: Level::Error,
        ..LogConfig::default()
    });
    log_at_all_levels();
    assert_eq!(sink.lines().len(), 4, "a reload takes effect");
}
