mod singleton;

use std::{future::pending, sync::Arc, time::Duration};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error, Ratio, ServiceIdentity, Timeout};
use seaworthy_health::{Health, HealthConfig, Readiness};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::{self, Instant},
};

use super::{runner::Observer, *};
use crate::{
    Component as _,
    task::{TaskPanic, Tasks},
};

#[derive(Default)]
struct Observed {
    started: Mutex<Vec<String>>,
    runs: Mutex<Vec<bool>>,
    panics: Mutex<Vec<String>>,
    leases: Mutex<Vec<bool>>,
}

impl Observer for Observed {
    fn started(&self, worker: &str) {
        self.started.lock().push(worker.to_owned());
    }

    fn ran(&self, _: &str, outcome: Result<(), &str>, _: Duration) {
        let succeeded = outcome.is_ok();
        self.runs.lock().push(succeeded);
    }

    fn panicked(&self, panic: &TaskPanic) {
        self.panics.lock().push(panic.message.clone());
    }

    fn holds_lease(&self, _: &str, is_held: bool) {
        self.leases.lock().push(is_held);
    }
}

struct TestWorkers {
    workers: Workers,
    tasks: Tasks,
    health: Health,
    observed: Arc<Observed>,
}

fn test_workers() -> TestWorkers {
    let identity = ServiceIdentity::new("orders", "1.0.0");
    let tasks = Tasks::new(identity.clone(), |_| {});
    let health = Health::new(HealthConfig::default());
    health.set_started();
    let observed = Arc::new(Observed::default());
    let workers = Workers::new(identity, tasks.clone(), health.clone(), observed.clone());
    TestWorkers {
        workers,
        tasks,
        health,
        observed,
    }
}

fn recording(name: &'static str, schedule: Schedule) -> (Worker, UnboundedReceiver<Instant>) {
    let (sender, runs) = mpsc::unbounded_channel();
    let worker = Worker::new(name, schedule, move |_| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(Instant::now());
            Ok(())
        }
    });
    (worker, runs)
}

fn failure() -> Error {
    Error::new(Code::Unavailable, "DOWN", "the store is down")
}

const MINUTE: Timeout = Timeout::from_secs(60);

#[tokio::test(start_paused = true)]
async fn an_interval_worker_runs_once_per_jittered_interval_work_1() {
    let test = test_workers();
    let (worker, mut runs) = recording("cleanup", Schedule::Interval(MINUTE));
    let begun = Instant::now();
    test.workers.start(worker);
    assert_eq!(*test.observed.started.lock(), ["cleanup"]);
    let mut before = begun;
    for _ in 0..5 {
        let at = runs.recv().await.unwrap();
        let waited = at - before;
        assert!(
            waited >= Duration::from_millis(59_990) && waited <= Duration::from_secs(67),
            "{waited:?}"
        );
        before = at;
    }
    let report = &test.workers.reports()[0];
    assert!(report.last_run.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_run_never_overlaps_the_next_work_1() {
    let test = test_workers();
    let running = Arc::new(Mutex::new(0_u32));
    let (sender, mut ended) = mpsc::unbounded_channel();
    test.workers.start(Worker::new(
        "slow",
        Schedule::Interval(Timeout::from_secs(1)),
        move |_| {
            let (running, sender) = (Arc::clone(&running), sender.clone());
            async move {
                *running.lock() += 1;
                assert_eq!(*running.lock(), 1);
                time::sleep(Duration::from_secs(10)).await;
                *running.lock() -= 1;
                let _ = sender.send(());
                Ok(())
            }
        },
    ));
    for _ in 0..3 {
        ended.recv().await.unwrap();
    }
    assert!(test.observed.panics.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failing_run_is_retried_then_counted_as_one_failure_work_1() {
    let test = test_workers();
    let (sender, mut attempts) = mpsc::unbounded_channel();
    test.workers.start(Worker::new(
        "report",
        Schedule::Interval(MINUTE),
        move |run| {
            let sender = sender.clone();
            async move {
                let _ = sender.send(run.attempt);
                Err(failure())
            }
        },
    ));
    for expected in 1..=3 {
        assert_eq!(attempts.recv().await, Some(expected));
    }
    assert_eq!(
        attempts.recv().await,
        Some(1),
        "the next run starts from the first attempt"
    );
    let report = &test.workers.reports()[0];
    assert_eq!((report.runs, report.failures), (1, 1));
    assert_eq!(report.last_error.as_deref(), Some("the store is down"));
    assert_eq!(*test.observed.runs.lock(), [false]);
}

#[tokio::test(start_paused = true)]
async fn worker_survives_hanging_or_panicking_run_work_1() {
    let test = test_workers();
    let (sender, mut attempts) = mpsc::unbounded_channel();
    let worker = Worker::new("import", Schedule::Interval(MINUTE), move |_| {
        let sender = sender.clone();
        async move {
            sender.send(()).unwrap();
            if sender.is_closed() {
                Ok(())
            } else {
                pending().await
            }
        }
    });
    test.workers
        .start(worker.timeout(Timeout::from_secs(5)).attempts(1));
    test.workers.start(
        Worker::new("broken", Schedule::Interval(MINUTE), |_| async {
            panic!("row 7")
        })
        .attempts(1),
    );
    attempts.recv().await.unwrap();
    attempts.recv().await.unwrap();
    let reports = test.workers.reports();
    assert_eq!(reports[0].last_error.as_deref(), Some("timed out after 5s"));
    assert_eq!(
        reports[1].last_error.as_deref(),
        Some("task \"broken\" panicked: row 7")
    );
    let panics = test.observed.panics.lock();
    assert!(!panics.is_empty());
    assert!(panics.iter().all(|message| message == "row 7"));
}

#[tokio::test(start_paused = true)]
async fn a_continuous_worker_that_fails_at_once_does_not_spin_work_1() {
    let test = test_workers();
    let worker = Worker::new("follower", Schedule::Continuous, |_| async {
        Err(failure())
    });
    test.workers.start(worker.attempts(1));
    time::sleep(Duration::from_secs(600)).await;
    let runs = test.observed.runs.lock().len();
    assert!((20..=200).contains(&runs), "{runs}");
}

#[tokio::test(start_paused = true)]
async fn worker_is_unhealthy_after_two_missed_intervals_hlth_4() {
    let test = test_workers();
    let worker = Worker::new("stuck", Schedule::Interval(Timeout::from_secs(10)), |_| {
        pending()
    });
    test.workers
        .start(worker.critical().timeout(Timeout::from_secs(3_600)));
    time::sleep(Duration::from_secs(15)).await;
    assert_eq!(test.health.readiness(), Readiness::Ready);
    time::sleep(Duration::from_secs(10)).await;
    assert_eq!(test.health.readiness(), Readiness::NotReady);
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_run_now_paused_and_resumed_work_1() {
    let test = test_workers();
    let (worker, mut runs) = recording("cleanup", Schedule::Interval(Timeout::from_secs(10)));
    test.workers.start(worker.jitter(Ratio::ZERO));
    let begun = Instant::now();
    test.workers.run_now("cleanup").unwrap();
    assert_eq!(runs.recv().await.unwrap(), begun);

    test.workers.pause("cleanup").unwrap();
    time::sleep(Duration::from_secs(100)).await;
    assert!(runs.try_recv().is_err());
    assert_eq!(
        test.health.readiness(),
        Readiness::Ready,
        "a pause is not a stall"
    );
    assert!(test.workers.reports()[0].paused);
    test.workers.run_now("cleanup").unwrap();
    assert_eq!(runs.recv().await.unwrap() - begun, Duration::from_secs(100));

    test.workers.resume("cleanup").unwrap();
    let next = runs.recv().await.unwrap() - begun;
    assert!(
        next >= Duration::from_secs(109) && next <= Duration::from_secs(111),
        "{next:?}"
    );
    assert_eq!(
        test.workers.run_now("absent"),
        Err(UnknownWorker("absent".into()).into())
    );
}

#[tokio::test(start_paused = true)]
async fn stop_finishes_current_run_and_starts_no_other_life_4() {
    let test = test_workers();
    let (sender, mut events) = mpsc::unbounded_channel();
    test.workers
        .start(Worker::new("export", Schedule::Continuous, move |run| {
            let sender = sender.clone();
            async move {
                sender.send("begun").unwrap();
                run.stop.requested().await;
                time::sleep(Duration::from_secs(2)).await;
                sender.send("finished").unwrap();
                Ok(())
            }
        }));
    assert_eq!(events.recv().await, Some("begun"));
    test.tasks.request_stop();
    test.tasks.stopped().await;
    assert_eq!(events.recv().await, Some("finished"));
    assert!(events.try_recv().is_err());
}

#[test]
fn a_bad_cron_pattern_is_named_work_1() {
    let error = "61 * * * *"
        .parse::<CronSchedule>()
        .unwrap_err()
        .to_string();
    assert!(error.contains("61 * * * *"), "{error}");
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct CleanupConfig {
    /// The times of the cleanup.
    schedule: Option<CronSchedule>,
}

#[test]
fn bad_cron_pattern_is_an_error_of_the_settings_conf_1() {
    let load = |pattern: &str| {
        let schema = seaworthy_config::Schema::from_settings::<CleanupConfig>();
        let loader = seaworthy_config::Loader::new("orders");
        let loader = loader.environment(seaworthy_config::Environment::default());
        loader
            .overrides([format!("schedule={pattern}")])
            .load(&schema)
    };
    let loaded = load("30 3 * * *").unwrap();
    let schedule = loaded.get::<CleanupConfig>().unwrap().schedule;
    assert_eq!(schedule, Some("30 3 * * *".parse().unwrap()));
    let errors = load("61 * * * *").unwrap_err().to_string();
    assert!(errors.contains("schedule"), "{errors}");
    assert!(errors.contains("not a valid cron pattern"), "{errors}");
}

#[test]
fn cron_moments_follow_the_pattern_in_utc_work_1() {
    let schedule: CronSchedule = "30 3 * * *".parse().unwrap();
    let now = "2026-03-29T03:30:00Z".parse().unwrap();
    assert_eq!(
        schedule.next_after(now).unwrap().to_rfc3339(),
        "2026-03-30T03:30:00+00:00"
    );
    assert_eq!(
        schedule.interval_after(now),
        Some(Duration::from_secs(86_400))
    );
}

#[tokio::test]
async fn a_cron_worker_runs_at_its_moment_work_1() {
    let test = test_workers();
    let (worker, mut runs) = recording("tick", Schedule::Cron("* * * * * *".parse().unwrap()));
    test.workers.start(worker);
    let first = runs.recv().await.unwrap();
    let second = runs.recv().await.unwrap();
    assert!(second - first <= Duration::from_millis(2_500));
}
