//! Settings that change while the service runs (CONF-4).

use std::future::pending;

use futures::poll;
use seaworthy_telemetry::metrics::Format;

use super::*;

fn config(policies: &str) -> ResilienceConfig {
    let text = format!(r#"{{"dependencies": {{"stock": {policies}}}}}"#);
    serde_json::from_str(&text).unwrap()
}

fn start(policies: &str) -> Resilience {
    Resilience::new(config(policies), Metrics::new())
}

#[tokio::test(start_paused = true)]
async fn reloaded_timeouts_apply_to_the_next_call_conf_4() {
    let resilience = start(r#"{"retry": {"max_attempts": 1}}"#);
    let endpoint = resilience.endpoint("stock", "read");
    let service = ServiceBuilder::new()
        .layer(endpoint.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    let elapsed = async || {
        let began = Instant::now();
        let error = service.clone().oneshot(()).await.unwrap_err();
        assert!(matches!(error, CallError::TimedOut(_)));
        began.elapsed()
    };
    assert_eq!(elapsed().await, Duration::from_secs(2));
    resilience.reload(config(
        r#"{"attempt_timeout": "300ms", "retry": {"max_attempts": 1}}"#,
    ));
    assert_eq!(elapsed().await, Duration::from_millis(300));
    resilience.reload(config(
        r#"{"total_timeout": "200ms", "retry": {"max_attempts": 1}}"#,
    ));
    assert_eq!(elapsed().await, Duration::from_millis(200));
}

#[test]
fn default_of_a_dependency_survives_a_reload_conf_4() {
    let limited = |calls: u32| -> PoliciesConfig {
        let bulkhead = serde_json::json!({ "max_concurrent_calls": calls });
        serde_json::from_value(serde_json::json!({ "bulkhead": bulkhead })).unwrap()
    };
    let resilience = Resilience::new(ResilienceConfig::default(), Metrics::new());
    let policies = resilience.dependency_with_default("stock", limited(1));
    let held = policies.bulkhead().try_acquire();
    let is_full = || policies.bulkhead().try_acquire().is_none();
    assert!(is_full());
    resilience.reload(ResilienceConfig::default());
    assert!(is_full());
    // Settings take precedence.
    let dependencies = [("stock".to_owned(), limited(2))].into();
    resilience.reload(ResilienceConfig { dependencies });
    assert!(!is_full());
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn reloaded_bulkhead_grows_and_shrinks_conf_4() {
    let bulkhead = |calls: u32| {
        config(&format!(
            r#"{{"bulkhead": {{"max_concurrent_calls": {calls}, "max_wait": "10s"}}}}"#
        ))
    };
    let resilience = Resilience::new(bulkhead(1), Metrics::new());
    let policies = resilience.dependency("stock");
    let acquire = || policies.bulkhead().try_acquire();
    let first = acquire().unwrap();
    assert!(acquire().is_none());
    // A waiting call gets the first new permit.
    let handle = policies.bulkhead().clone();
    let waiting = tokio::spawn(async move { handle.acquire().await });
    while policies.bulkhead().snapshot().waiting == 0 {
        tokio::task::yield_now().await;
    }
    resilience.reload(bulkhead(3));
    let second = waiting.await.unwrap().unwrap();
    let third = acquire().unwrap();
    assert!(acquire().is_none());
    resilience.reload(bulkhead(2));
    let shown = policies.bulkhead().snapshot();
    assert_eq!((shown.running, shown.max_concurrent_calls), (3, 2));
    // The permit of a call that was above the new limit is not given to another call.
    drop(first);
    assert!(acquire().is_none());
    drop(second);
    let fourth = acquire().unwrap();
    assert!(acquire().is_none());
    drop((third, fourth));
    assert_eq!(policies.bulkhead().snapshot().running, 0);
    let free: Vec<_> = std::iter::from_fn(acquire).collect();
    assert_eq!(free.len(), 2);
    drop(free);
    // Free permits are removed immediately.
    resilience.reload(bulkhead(1));
    let only = acquire();
    assert!(only.is_some() && acquire().is_none());
}

#[tokio::test(start_paused = true)]
async fn reloaded_rate_limit_applies_to_the_next_call_conf_4() {
    let resilience = start("{}");
    let policies = resilience.dependency("stock");
    let service = ServiceBuilder::new()
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(|()| ready(Ok::<_, Infallible>(()))));
    let allowed = async || {
        let mut allowed = 0;
        for _ in 0..5 {
            allowed += u32::from(service.clone().oneshot(()).await.is_ok());
        }
        allowed
    };
    assert_eq!(allowed().await, 5);
    let limited = r#"{"rate_limit": {"requests": 2, "window": "1h"}}"#;
    resilience.reload(config(limited));
    assert_eq!(allowed().await, 2);
    // A reload without a change keeps the counted calls.
    resilience.reload(config(limited));
    assert_eq!(allowed().await, 0);
    resilience.reload(config("{}"));
    assert_eq!(allowed().await, 5);
}

#[tokio::test(start_paused = true)]
async fn reloaded_hedge_applies_to_the_next_call_conf_4() {
    let resilience = start("{}");
    let policies = resilience.dependency("stock");
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let service = ServiceBuilder::new()
        .layer(policies.hedge_layer(ReplayClone))
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(move |()| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok::<_, Infallible>(())
            }
        }));
    for (settings, expected) in [("{}", 1), (r#"{"hedge": {"delay": "50ms"}}"#, 2), ("{}", 1)] {
        resilience.reload(config(settings));
        calls.store(0, Ordering::Relaxed);
        service.clone().oneshot(()).await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), expected, "{settings}");
    }
}

#[test]
fn members_of_a_group_share_settings_and_no_state_conf_4() {
    let bulkhead = |calls: u32| {
        config(&format!(
            r#"{{"bulkhead": {{"max_concurrent_calls": {calls}}}}}"#
        ))
    };
    let resilience = Resilience::new(bulkhead(1), Metrics::new());
    let [one, other] = ["stock/one", "stock/other"].map(|name| resilience.dependency(name));
    let acquire = |policies: &Policies| policies.bulkhead().try_acquire();
    let first = acquire(&one).unwrap();
    assert!(acquire(&one).is_none());
    let second = acquire(&other).unwrap();
    resilience.reload(bulkhead(2));
    assert!(acquire(&one).is_some());
    drop((first, second));
}

#[tokio::test(start_paused = true)]
async fn reloaded_adaptive_limit_applies_to_the_next_call_conf_4() {
    let metrics = Metrics::new();
    let resilience = Resilience::new(config("{}"), metrics.clone());
    let policies = resilience.dependency("stock");
    let service = ServiceBuilder::new()
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    let admitted = async || {
        let mut held = Vec::new();
        for _ in 0..5 {
            let mut call = Box::pin(service.clone().oneshot(()));
            if poll!(&mut call).is_pending() {
                held.push(call);
            }
        }
        held.len()
    };
    let limited = |max_limit: u32| {
        let text = format!(r#"{{"adaptive_concurrency": {{"max_limit": {max_limit}}}}}"#);
        resilience.reload(config(&text));
    };
    assert_eq!(admitted().await, 5);
    for max_limit in [2, 4, 1] {
        limited(max_limit);
        assert_eq!(admitted().await, max_limit as usize);
        let text = metrics.render(Format::PrometheusText);
        let line = format!("concurrency_limit{{name=\"stock\"}} {max_limit}");
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    resilience.reload(config("{}"));
    assert_eq!(admitted().await, 5);
    limited(3);
    assert_eq!(admitted().await, 3);
}
