use super::*;
use crate::lease::{FencingToken, LeaseConfig, MemoryLeases};

fn singleton(
    name: &'static str,
    leases: &Arc<MemoryLeases>,
) -> (Worker, UnboundedReceiver<Option<FencingToken>>) {
    let (sender, runs) = mpsc::unbounded_channel();
    let every = Schedule::Interval(Timeout::from_secs(1));
    let worker = Worker::new(name, every, move |run| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(run.fencing_token);
            Ok(())
        }
    });
    (
        worker.singleton(leases.clone(), LeaseConfig::default()),
        runs,
    )
}

#[tokio::test(start_paused = true)]
async fn singleton_moves_to_another_replica_at_stop_work_2() {
    let leases = Arc::new(MemoryLeases::default());
    let (first, second) = (test_workers(), test_workers());
    let (worker, mut on_first) = singleton("report", &leases);
    first.workers.start(worker);
    let token = on_first.recv().await.unwrap().unwrap();
    let (worker, mut on_second) = singleton("report", &leases);
    second.workers.start(worker);
    for _ in 0..30 {
        assert_eq!(on_first.recv().await.unwrap(), Some(token));
    }
    assert!(on_second.try_recv().is_err());
    let report = second.workers.reports().remove(0);
    assert!(report.standby && report.next_run.is_none());
    assert_eq!(
        second.workers.run_now("report"),
        Err(RunError::OnOtherReplica("report".to_owned()))
    );
    second.health.refresh_once().await;
    assert_eq!(second.health.readiness(), Readiness::Ready);

    first.tasks.request_stop();
    first.tasks.stopped().await;
    let stopped = Instant::now();
    assert!(on_second.recv().await.unwrap().unwrap() > token);
    assert!(stopped.elapsed() < Duration::from_secs(5));
    assert!(!second.workers.reports().remove(0).standby);
    assert_eq!(*first.observed.leases.lock(), [false, true, false]);
    assert_eq!(*second.observed.leases.lock(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn singleton_of_dead_replica_moves_within_15_seconds_work_2() {
    let leases = Arc::new(MemoryLeases::default());
    let (first, second) = (test_workers(), test_workers());
    let (worker, mut on_first) = singleton("report", &leases);
    first.workers.start(worker);
    on_first.recv().await.unwrap();
    let (worker, mut on_second) = singleton("report", &leases);
    second.workers.start(worker);
    first.tasks.abort();
    let died = Instant::now();
    on_second.recv().await.unwrap();
    assert!(
        died.elapsed() < Duration::from_secs(15),
        "{:?}",
        died.elapsed()
    );
}
