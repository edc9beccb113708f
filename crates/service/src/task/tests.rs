use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_core::{RequestContext, ServiceIdentity, context};
use tokio::{sync::mpsc, time};

use super::*;
use crate::Component as _;

fn identity() -> ServiceIdentity {
    ServiceIdentity::new("orders", "1.0.0")
}

fn tasks() -> (Tasks, mpsc::UnboundedReceiver<TaskPanic>) {
    let (sender, panics) = mpsc::unbounded_channel();
    (
        Tasks::new(identity(), move |panic| sender.send(panic.clone()).unwrap()),
        panics,
    )
}

#[tokio::test]
async fn request_context_survives_spawn_obs_7() {
    let (tasks, _panics) = tasks();
    let request = Arc::new(RequestContext::background(identity()));
    let expected = request.request_id().clone();
    let seen = context::scope(request, async {
        tasks
            .spawn("mail", async {
                context::current().unwrap().request_id().clone()
            })
            .await
    });
    assert_eq!(seen.await.unwrap(), Some(expected));
}

#[tokio::test]
async fn detached_task_has_its_own_context_obs_7() {
    let (tasks, _panics) = tasks();
    let request = Arc::new(RequestContext::background(identity()));
    let of_request = request.request_id().clone();
    let seen = context::scope(request, async {
        tasks
            .spawn_in_new_context("batch", async {
                context::current().unwrap().request_id().clone()
            })
            .await
    });
    assert_ne!(seen.await.unwrap(), Some(of_request));
}

#[tokio::test(start_paused = true)]
async fn panicking_task_restarts_with_backoff_life_5() {
    let (tasks, mut panics) = tasks();
    let starts = Arc::new(AtomicU32::new(0));
    let begun = time::Instant::now();
    let (running, mut recovered) = mpsc::channel(1);
    tasks.supervise("poller", {
        let starts = Arc::clone(&starts);
        move |stop| {
            let attempt = starts.fetch_add(1, Ordering::SeqCst);
            let running = running.clone();
            async move {
                assert!(attempt >= 3, "attempt {attempt}");
                running.send(()).await.unwrap();
                stop.requested().await;
            }
        }
    });
    recovered.recv().await.unwrap();
    assert_eq!(starts.load(Ordering::SeqCst), 4);
    assert!(begun.elapsed() <= Duration::from_millis(100 + 200 + 400));
    assert_eq!(
        panics.recv().await.unwrap(),
        TaskPanic {
            task: "poller".into(),
            message: "attempt 0".into()
        }
    );

    tasks.request_stop();
    tasks.stopped().await;
    assert_eq!(tasks.unfinished_work(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn task_that_ignores_stop_is_reported_and_aborted_life_5() {
    let (tasks, _panics) = tasks();
    let stuck = tasks.spawn("stuck-export", pending::<()>());
    tasks.spawn("done", async {}).await.unwrap();
    tasks.request_stop();
    assert!(
        time::timeout(Duration::from_secs(10), tasks.stopped())
            .await
            .is_err()
    );
    assert_eq!(tasks.unfinished_work(), ["stuck-export"]);

    tasks.abort();
    tasks.stopped().await;
    assert!(stuck.await.unwrap_err().is_cancelled());
    assert_eq!(tasks.unfinished_work(), Vec::<String>::new());
}

#[tokio::test]
async fn a_panic_in_a_task_that_runs_once_is_reported_life_5() {
    let (tasks, mut panics) = tasks();
    let outcome: Option<()> = tasks
        .spawn("import", async { panic!("row 7") })
        .await
        .unwrap();
    assert_eq!(outcome, None);
    assert_eq!(panics.recv().await.unwrap().message, "row 7");
}
