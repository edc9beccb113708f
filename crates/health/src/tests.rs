use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_core::Timeout;
use tokio::time;

use crate::{CheckFailure, CheckStatus, Health, HealthConfig, Probe, Readiness};

fn started() -> Health {
    let health = Health::new(HealthConfig::default());
    health.set_started();
    health
}

fn failing() -> Result<(), CheckFailure> {
    Err(CheckFailure::new("connection refused"))
}

#[tokio::test(start_paused = true)]
async fn critical_failure_is_unready_and_optional_degrades_hlth_2_life_7() {
    let health = started();
    health.register(Probe::optional("cache", || async { failing() }));
    health.refresh_once().await;
    assert_eq!(health.readiness(), Readiness::Degraded);
    assert!(health.readiness().accepts_traffic());

    health.register(Probe::critical("database", || async { failing() }));
    health.refresh_once().await;
    assert_eq!(health.readiness(), Readiness::NotReady);
}

#[tokio::test(start_paused = true)]
async fn expired_result_is_unknown_and_unready_hlth_3() {
    let health = started();
    health.register(Probe::critical("database", || async { Ok(()) }));
    health.refresh_once().await;
    assert_eq!(health.readiness(), Readiness::Ready);

    time::advance(Duration::from_millis(5_001)).await;
    assert_eq!(health.readiness(), Readiness::NotReady);
    assert_eq!(health.report().checks[0].status, CheckStatus::Unknown);
}

#[tokio::test(start_paused = true)]
async fn hanging_check_ends_at_timeout_hlth_3() {
    let health = started();
    health.register(Probe::critical("hanging", pending));
    health.register(Probe::critical("database", || async { Ok(()) }));
    let begun = time::Instant::now();
    health.refresh_once().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(2));

    let checks = health.report().checks;
    assert_eq!(checks[0].status, CheckStatus::Unhealthy);
    assert_eq!(
        checks[0].last_error.as_deref(),
        Some("no response within 2s")
    );
    assert_eq!(checks[1].status, CheckStatus::Healthy);
}

#[tokio::test(start_paused = true)]
async fn panicking_check_fails_hlth_3() {
    let health = started();
    health.register(Probe::critical("broken", || async {
        panic!("out of order")
    }));
    health.refresh_once().await;
    assert_eq!(
        health.report().checks[0].last_error.as_deref(),
        Some("the check panicked")
    );
    assert_eq!(health.readiness(), Readiness::NotReady);
}

#[tokio::test(start_paused = true)]
async fn run_refreshes_results_and_detects_recovery_hlth_3() {
    let well = Arc::new(AtomicBool::new(false));
    let health = started();
    health.register(Probe::critical("database", {
        let well = Arc::clone(&well);
        move || {
            let outcome = if well.load(Ordering::SeqCst) {
                Ok(())
            } else {
                failing()
            };
            async { outcome }
        }
    }));
    let refresher = tokio::spawn({
        let health = health.clone();
        async move { health.run().await }
    });
    time::sleep(Duration::from_millis(1)).await;
    assert_eq!(health.readiness(), Readiness::NotReady);

    well.store(true, Ordering::SeqCst);
    time::sleep(Duration::from_millis(3_001)).await;
    assert_eq!(health.readiness(), Readiness::Ready);
    assert_eq!(
        health.report().checks[0].last_error.as_deref(),
        Some("connection refused"),
        "the last error is kept"
    );
    refresher.abort();
}

#[tokio::test(start_paused = true)]
async fn late_check_runs_at_once_hlth_3() {
    let health = started();
    let refresher = tokio::spawn({
        let health = health.clone();
        async move { health.run().await }
    });
    time::sleep(Duration::from_millis(1)).await;
    health.register(Probe::critical("database", || async { Ok(()) }));
    time::sleep(Duration::from_millis(1)).await;
    assert_eq!(health.readiness(), Readiness::Ready);
    refresher.abort();
}

#[tokio::test(start_paused = true)]
async fn hanging_check_does_not_delay_others_hlth_3() {
    let health = started();
    health.register(Probe::optional("hanging", pending));
    health.register(Probe::critical("database", || async { Ok(()) }));
    let refresher = tokio::spawn({
        let health = health.clone();
        async move { health.run().await }
    });
    for _ in 0..300 {
        time::sleep(Duration::from_millis(100)).await;
        assert_eq!(health.report().checks[1].status, CheckStatus::Healthy);
    }
    refresher.abort();
}

#[tokio::test(start_paused = true)]
async fn hook_receives_failures_by_name_obs_5() {
    let health = started();
    let failures = Arc::new(AtomicU32::new(0));
    health.on_failure({
        let failures = Arc::clone(&failures);
        move |name, failure| {
            assert_eq!(
                (name, failure.to_string().as_str()),
                ("database", "connection refused")
            );
            failures.fetch_add(1, Ordering::SeqCst);
        }
    });
    health.register(Probe::critical("database", || async { failing() }));
    health.refresh_once().await;
    health.refresh_once().await;
    assert_eq!(failures.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn observed_check_is_read_on_demand_hlth_4() {
    let health = started();
    let stalled = Arc::new(AtomicBool::new(false));
    health.register(Probe::from_fn("cleanup-worker", true, {
        let stalled = Arc::clone(&stalled);
        move || {
            if stalled.load(Ordering::SeqCst) {
                Err(CheckFailure::new("has not run for 2m"))
            } else {
                Ok(())
            }
        }
    }));
    let failures = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&failures);
    health.on_failure(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(health.readiness(), Readiness::Ready);
    health.refresh_once().await;
    assert_eq!(failures.load(Ordering::SeqCst), 0);
    stalled.store(true, Ordering::SeqCst);
    assert_eq!(health.readiness(), Readiness::NotReady);
    health.refresh_once().await;
    assert_eq!(failures.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn report_contains_pending_dependencies_life_2() {
    let health = Health::new(HealthConfig::default());
    let database = health.waiting_for("orders-database");
    let _broker = health.waiting_for("broker");
    assert_eq!(health.report().waiting_for, ["orders-database", "broker"]);
    drop(database);
    assert_eq!(health.report().waiting_for, ["broker"]);
    assert!(!health.has_started());
}

#[tokio::test(start_paused = true)]
async fn stopping_is_final_life_4() {
    let health = started();
    health.set_stopping();
    health.set_started();
    assert_eq!(health.readiness(), Readiness::NotReady);
    assert_eq!(health.report().phase, "stopping");
}

#[tokio::test(start_paused = true)]
async fn readiness_contains_no_internals_sec_4() {
    let health = Health::new(HealthConfig {
        check_timeout: Timeout::from_millis(10),
        ..HealthConfig::default()
    });
    health.register(Probe::critical("database", || async {
        Err(CheckFailure::new("10.0.0.7:5432 refused"))
    }));
    health.refresh_once().await;
    let public = serde_json::to_string(&health.report().without_details()).unwrap();
    assert!(!public.contains("10.0.0.7"), "{public}");
    assert!(public.contains("unhealthy"), "{public}");
}
