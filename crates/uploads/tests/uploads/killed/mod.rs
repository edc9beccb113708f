//! A service that is killed at any point leaves no stalled upload and no orphaned object
//! (FILE-1).
#![expect(
    clippy::unwrap_used,
    reason = "the lints know only functions marked as tests"
)]

mod server;

use std::time::Duration;

use seaworthy_testkit::eventually;

use server::{SIZE, Trial, content, stream};

macro_rules! on_both_storages {
    ($($name:ident),+ $(,)?) => {
        mod file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::killed::Trial::file()).await;
            })+
        }

        mod s3 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(trial) = crate::killed::Trial::s3() {
                    super::$name(trial).await;
                }
            })+
        }
    };
}

on_both_storages! {
    upload_survives_kill_after_creation_and_rest_file_1,
    upload_survives_kill_while_parts_are_stored_file_1,
    upload_survives_kills_at_any_time_file_1,
    upload_survives_kill_after_completion_file_1,
    upload_survives_kill_of_its_worker_file_1,
}

async fn upload_survives_kill_after_creation_and_rest_file_1(trial: Trial) {
    let running = trial.start(true).await;
    let path = trial.create(&running).await;
    running.kill();
    let running = trial.start(true).await;
    assert_eq!(trial.offset(&running, &path).await, 0);
    // The rest of a request is stored.
    let mut beginning = content();
    beginning.truncate(1_000_000);
    let sent = trial
        .send(&running, "PATCH", &path, &stream(0), beginning)
        .await
        .unwrap();
    assert_eq!(sent.status(), 204);
    running.kill();
    let running = trial.start(true).await;
    assert_eq!(trial.offset(&running, &path).await, 1_000_000);
    trial.finish(&running, &path).await;
    trial.ends_ready(&running, &path).await;
}

async fn upload_survives_kill_while_parts_are_stored_file_1(trial: Trial) {
    let running = trial.start(true).await;
    let path = trial.create(&running).await;
    let sending = trial.begin(&running, &path, 0);
    eventually(async || trial.offset(&running, &path).await > 0).await;
    running.kill();
    sending.await.unwrap();
    let running = trial.start(true).await;
    trial.finish(&running, &path).await;
    trial.ends_ready(&running, &path).await;
}

async fn upload_survives_kills_at_any_time_file_1(trial: Trial) {
    let mut running = trial.start(true).await;
    let path = trial.create(&running).await;
    // From the first bytes to the completion and the worker.
    for delay in [5, 40, 90, 160, 260] {
        if trial.offset(&running, &path).await == SIZE {
            break;
        }
        let offset = trial.offset(&running, &path).await;
        let sending = trial.begin(&running, &path, offset);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        running.kill();
        sending.await.unwrap();
        running = trial.start(true).await;
    }
    trial.finish(&running, &path).await;
    trial.ends_ready(&running, &path).await;
}

async fn upload_survives_kill_after_completion_file_1(trial: Trial) {
    let running = trial.start(false).await;
    let path = trial.create(&running).await;
    trial.finish(&running, &path).await;
    assert_eq!(trial.status(&running, &path).await, "uploaded");
    running.kill();
    let running = trial.start(true).await;
    trial.ends_ready(&running, &path).await;
}

async fn upload_survives_kill_of_its_worker_file_1(trial: Trial) {
    let running = trial.start(true).await;
    let path = trial.create(&running).await;
    trial.finish(&running, &path).await;
    let begun = ["scanning", "processing", "ready"];
    eventually(async || begun.contains(&&*trial.status(&running, &path).await)).await;
    running.kill();
    let running = trial.start(true).await;
    trial.ends_ready(&running, &path).await;
}
