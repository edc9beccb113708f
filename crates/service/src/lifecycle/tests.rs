use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_config::Profile;
use seaworthy_core::{Delay, Timeout};
use seaworthy_health::{Health, HealthConfig, Readiness};
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use super::*;
use crate::{Component, Stage};

/// The seconds of a part that an abort does not end.
const STUCK: u64 = u64::MAX;

struct Part {
    name: &'static str,
    stage: Stage,
    takes: Duration,
    stop_requested: AtomicBool,
    aborted: Notify,
    events: Arc<Mutex<Vec<String>>>,
}

impl Component for Part {
    fn name(&self) -> &str {
        self.name
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn request_stop(&self) {
        self.stop_requested.store(true, Ordering::SeqCst);
        self.events.lock().push(format!("{} requested", self.name));
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            tokio::select! {
                () = time::sleep(self.takes) => {}
                () = self.aborted.notified() => {}
            }
            self.events.lock().push(format!("{} stopped", self.name));
        })
    }

    fn unfinished_work(&self) -> Vec<String> {
        vec!["GET /slow".into()]
    }

    fn abort(&self) {
        self.events.lock().push(format!("{} aborted", self.name));
        if self.takes != Duration::from_secs(STUCK) {
            self.aborted.notify_one();
        }
    }
}

struct TestLifecycle {
    health: Health,
    config: LifecycleConfig,
    drain_delay: Delay,
    components: Vec<Arc<dyn Component>>,
    events: Arc<Mutex<Vec<String>>>,
}

impl TestLifecycle {
    fn new() -> Self {
        let health = Health::new(HealthConfig::default());
        health.set_started();
        Self {
            health,
            config: LifecycleConfig::default(),
            drain_delay: LifecycleConfig::default().drain_delay_in(Profile::Production),
            components: Vec::new(),
            events: Arc::default(),
        }
    }

    fn with(mut self, name: &'static str, stage: Stage, takes: u64) -> Self {
        let takes = Duration::from_secs(takes);
        let events = Arc::clone(&self.events);
        self.components.push(Arc::new(Part {
            name,
            stage,
            takes,
            stop_requested: AtomicBool::new(false),
            aborted: Notify::new(),
            events,
        }));
        self
    }

    async fn stop(&self, force: impl Future<Output = ()>) -> StopOutcome {
        Stopping {
            config: &self.config,
            drain_delay: self.drain_delay,
            health: &self.health,
            components: self.components.clone(),
        }
        .run(force)
        .await
    }
}

#[tokio::test(start_paused = true)]
async fn stop_runs_its_phases_in_order_life_4() {
    let test = TestLifecycle::new()
        .with("admin", Stage::Admin, 1)
        .with("database", Stage::Pool, 1)
        .with("outbox", Stage::Relay, 1)
        .with("cleanup", Stage::Worker, 1)
        .with("http", Stage::Listener, 1)
        .with("orders", Stage::Consumer, 1);
    assert_eq!(test.stop(pending()).await, StopOutcome::Clean);
    let order = ["http", "orders", "cleanup", "outbox", "database", "admin"];
    let expected: Vec<_> = order
        .iter()
        .flat_map(|name| [format!("{name} requested"), format!("{name} stopped")])
        .collect();
    assert_eq!(*test.events.lock(), expected);
}

#[tokio::test(start_paused = true)]
async fn stop_turns_readiness_off_and_serves_during_drain_delay_life_4() {
    let test = TestLifecycle::new().with("http", Stage::Listener, 0);
    let begun = Instant::now();
    let stop = test.stop(pending());
    tokio::pin!(stop);
    assert!(
        time::timeout(Duration::from_millis(1), &mut stop)
            .await
            .is_err()
    );
    assert_eq!(test.health.readiness(), Readiness::NotReady);
    assert!(
        time::timeout(Duration::from_millis(4_998), &mut stop)
            .await
            .is_err()
    );
    assert!(
        test.events.lock().is_empty(),
        "no listener closes within the drain delay"
    );
    assert_eq!(stop.await, StopOutcome::Clean);
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn component_beyond_its_timeout_is_reported_and_aborted_life_4() {
    let test = TestLifecycle::new()
        .with("http", Stage::Listener, 3_600)
        .with("database", Stage::Pool, 1);
    let begun = Instant::now();
    assert_eq!(
        test.stop(pending()).await,
        StopOutcome::Aborted(vec!["http: GET /slow".into()])
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(5 + 20 + 1));
    assert_eq!(
        *test.events.lock(),
        [
            "http requested",
            "http aborted",
            // Aborted work ends before the next phase, because it may use the database.
            "http stopped",
            "database requested",
            "database stopped"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn work_that_an_abort_does_not_end_delays_the_stop_little_life_4() {
    let test = TestLifecycle::new().with("http", Stage::Listener, STUCK);
    let begun = Instant::now();
    assert_eq!(
        test.stop(pending()).await,
        StopOutcome::Aborted(vec!["http: GET /slow".into()])
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(5 + 20 + 1));
}

#[tokio::test(start_paused = true)]
async fn total_timeout_forces_exit_and_reports_components_life_4() {
    let mut test = TestLifecycle::new().with("http", Stage::Listener, 3_600);
    test.config.total_timeout = Timeout::from_secs(7);
    let begun = Instant::now();
    let outcome = test.stop(pending()).await;
    assert_eq!(
        outcome,
        StopOutcome::Forced(ForceReason::TotalTimeout, vec!["http: GET /slow".into()])
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_forces_the_exit_life_4() {
    let mut test = TestLifecycle::new().with("http", Stage::Listener, 3_600);
    test.drain_delay = Delay::ZERO;
    let outcome = test.stop(time::sleep(Duration::from_secs(1))).await;
    assert_eq!(
        outcome,
        StopOutcome::Forced(ForceReason::SecondSignal, vec!["http: GET /slow".into()])
    );
}

#[test]
fn the_list_of_phases_is_complete_and_in_order_life_4() {
    assert!(Phase::ALL.is_sorted());
    assert_eq!(Phase::ALL.first(), Some(&Phase::Configure));
    assert_eq!(Phase::ALL.last(), Some(&Phase::Flush));
}

#[test]
fn drain_delay_is_zero_where_no_load_balancer_routes_life_4() {
    let default = LifecycleConfig::default();
    for profile in [Profile::Development, Profile::Test] {
        assert_eq!(default.drain_delay_in(profile), Delay::ZERO);
    }
    for profile in [Profile::Staging, Profile::Production] {
        assert_eq!(default.drain_delay_in(profile), Delay::from_secs(5));
    }
    let explicit = LifecycleConfig {
        drain_delay: Some(Delay::from_secs(1)),
        ..default
    };
    assert_eq!(
        explicit.drain_delay_in(Profile::Development),
        Delay::from_secs(1)
    );
}
