use super::*;

#[test]
fn manual_hold_ends_in_half_open_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    let hour = Timeout::from_secs(3_600);
    let hold = |bench: &Bench, hold| bench.breaker.hold_at(hold, hour, "the vendor", bench.now);
    hold(&bench, Hold::Open);
    bench.wait(3_599_999);
    assert!(bench.admit().is_none());
    let held = bench.breaker.snapshot_at(bench.now).held.unwrap();
    assert_eq!(
        (held.hold, held.reason.as_str()),
        (Hold::Open, "the vendor")
    );
    assert_eq!(held.expires_in, Duration::from_millis(1));
    bench.wait(1);
    let snapshot = bench.breaker.snapshot_at(bench.now);
    assert_eq!(
        (snapshot.state, snapshot.held),
        (BreakerState::HalfOpen, None)
    );
    for _ in 0..3 {
        assert!(bench.call(Outcome::Success));
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
    hold(&bench, Hold::Open);
    bench.breaker.reset("the vendor is done");
    assert!(bench.call(Outcome::Success));
}

#[tokio::test(start_paused = true)]
async fn end_of_hold_shows_without_a_call_res_1() {
    let metrics = Metrics::new();
    let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &metrics);
    let gauge = || metrics.render(Format::PrometheusText);
    let is = |number| format!("circuit_breaker_state{{name=\"stock\"}} {number}\n");
    breaker.hold(Hold::Open, Timeout::from_secs(60), "the vendor repairs");
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(gauge().contains(&is(1)), "{}", gauge());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(gauge().contains(&is(2)), "{}", gauge());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[test]
fn state_shows_end_of_hold_res_1() {
    let bench = Bench::new(&CircuitBreakerConfig::default());
    let minute = Timeout::from_secs(60);
    bench
        .breaker
        .hold_at(Hold::Closed, minute, "the alarm is false", bench.now);
    bench
        .breaker
        .hold_at(Hold::Open, minute, "it is true", bench.now);
    assert_eq!(bench.breaker.state_at(bench.now), BreakerState::Open);
    let over = bench.now + minute.get();
    assert_eq!(bench.breaker.state_at(over), BreakerState::HalfOpen);
}

#[test]
fn hold_does_not_change_failure_baseline_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::TRANSIENT) {}
    bench.wait(1_500);
    for _ in 0..3 {
        assert!(bench.call(Outcome::Success));
    }
    // Ten planned repairs after one outage.
    for _ in 0..10 {
        let second = Timeout::from_secs(1);
        bench
            .breaker
            .hold_at(Hold::Open, second, "a repair", bench.now);
        bench.wait(1_000);
        for _ in 0..3 {
            assert!(bench.call(Outcome::Success));
        }
    }
    for _ in 0..100 {
        assert!(bench.call(Outcome::Success));
    }
    let failed = (0..100).filter(|_| bench.call(Outcome::TRANSIENT)).count();
    assert!(failed <= 6, "{failed}");
}

#[test]
fn held_closed_breaker_admits_failures_until_end_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::TRANSIENT) {}
    let minute = Timeout::from_secs(60);
    bench
        .breaker
        .hold_at(Hold::Closed, minute, "the alarm is false", bench.now);
    for _ in 0..100 {
        assert!(bench.call(Outcome::TRANSIENT));
        bench.wait(10);
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
    bench.wait(60_000);
    let calls = (0..100).filter(|_| bench.call(Outcome::TRANSIENT)).count();
    assert!(calls <= 6, "{calls}");
    assert_eq!(bench.breaker.state(), BreakerState::Open);
}
