//! The names of the workers of a service, and the times of their runs.

use seaworthy_config::Loader;
use seaworthy_core::Timeout;
use seaworthy_service::{NoSettings, Schedule, Service, Worker};
use seaworthy_testkit::http::get;

use super::{trial, until};

/// Starts a service with a worker of each name.
async fn start(names: [&'static str; 2]) -> Result<(), String> {
    let started = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async move |service| {
            for name in names {
                let schedule = Schedule::Interval(Timeout::from_secs(60));
                service.worker(Worker::new(name, schedule, |_| async { Ok(()) }));
            }
            Ok(())
        })
        .await;
    match started {
        Ok(service) => {
            service.stop().await;
            Ok(())
        }
        Err(error) => Err(error.chain().join(": ")),
    }
}

/// Workers with one name would share metrics, health and pauses, and hide each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_worker_with_a_name_prevents_the_start_work_1() {
    assert_eq!(start(["purge", "report"]).await, Ok(()));
    let error = start(["purge", "purge"]).await.unwrap_err();
    let expected = "two workers have the name \"purge\": give each worker its own name";
    assert_eq!(error, expected);
}

#[test]
fn metrics_have_times_of_last_run_and_success_obs_5() {
    let mut service = trial(&[]);
    let (_, admin) = service.addresses().unwrap();
    service.line("\"message\":\"tick\"").unwrap();
    for name in ["run", "success"] {
        let start = format!("worker_last_{name}_timestamp_seconds{{worker=\"ticker\"}} ");
        // The worker records the time after the log line of its run.
        until("the time of a run", || {
            let metrics = get(admin, "/metrics").unwrap().body;
            let mut lines = metrics.lines();
            let value = lines.find_map(|line| line.strip_prefix(start.as_str()));
            value.is_some_and(|value| value.parse::<f64>().unwrap() > 1.0e9)
        });
    }
}
