//! A service that is killed at any point of an import loses no row and stores none twice (FILE-1).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the lints know only functions marked as tests"
)]

mod server;

use server::{Running, Trial};

/// Some seconds of work.
const ROWS: usize = 30_000;

fn file(rows: usize) -> String {
    let rows = (0..rows).map(|row| format!("{row}@example.org,{}\n", row % 90));
    format!("E-Mail,Age\n{}", rows.collect::<String>())
}

async fn ends_done(trial: &Trial, running: &Running, id: &str, rows: usize) {
    let done = trial.reaches(running, id, "done").await;
    assert_eq!(done["rows_stored"], rows, "{done}");
    assert_eq!(trial.members(running).await, rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_survives_kill_after_its_creation_file_1() {
    let trial = Trial::new();
    let running = trial.start().await;
    let id = trial.create(&running, "", &file(ROWS)).await;
    running.kill();
    let running = trial.start().await;
    ends_done(&trial, &running, &id, ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_survives_kills_while_batches_are_stored_file_1() {
    let trial = Trial::new();
    let mut running = trial.start().await;
    let id = trial.create(&running, "", &file(ROWS)).await;
    let mut stored = 0;
    for _ in 0..3 {
        stored = trial.stores_more(&running, &id, stored).await;
        running.kill();
        running = trial.start().await;
        let count = trial.members(&running).await;
        assert!(count >= stored, "{count} rows of {stored} are left");
    }
    ends_done(&trial, &running, &id, ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_import_in_one_transaction_stores_all_or_nothing_file_1() {
    let trial = Trial::new();
    let running = trial.start().await;
    let id = trial
        .create(&running, "?mode=all_or_nothing", &file(ROWS))
        .await;
    trial.reaches(&running, &id, "storing").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    running.kill();
    let running = trial.start_without_workers().await;
    let count = trial.members(&running).await;
    assert!(count == 0 || count == ROWS, "{count} rows are stored");
    running.kill();
    let running = trial.start().await;
    ends_done(&trial, &running, &id, ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_dry_run_waits_for_its_confirmation_file_1() {
    let trial = Trial::new();
    let running = trial.start().await;
    let id = trial.create(&running, "?dry_run=true", &file(100)).await;
    trial.reaches(&running, &id, "checked").await;
    running.kill();
    let running = trial.start().await;
    assert_eq!(trial.find(&running, &id).await["status"], "checked");
    assert_eq!(trial.members(&running).await, 0);
    trial.post(&running, &id, "confirm").await;
    running.kill();
    let running = trial.start().await;
    ends_done(&trial, &running, &id, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undo_survives_a_kill_file_1() {
    let trial = Trial::new();
    let running = trial.start().await;
    let id = trial.create(&running, "", &file(ROWS)).await;
    ends_done(&trial, &running, &id, ROWS).await;
    trial.post(&running, &id, "undo").await;
    while trial.members(&running).await == ROWS {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    running.kill();
    let running = trial.start().await;
    let undone = trial.reaches(&running, &id, "undone").await;
    assert_eq!(undone["rows_stored"], 0);
    assert_eq!(trial.members(&running).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_form_headers_are_rejected_early_sec_3() {
    let trial = Trial::new();
    let running = trial.start().await;
    let beginnings = (0..10).map(|_| trial.begin_form(&running, 200_000));
    for answer in futures::future::join_all(beginnings).await {
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_imports_are_hidden_from_other_networks_file_1() {
    let trial = Trial::new();
    let running = trial.start().await;
    let id = trial.create(&running, "?dry_run=true", &file(1)).await;
    let neighbor = Trial::at_address([127, 0, 0, 2]);
    for path in ["", "/report.csv"] {
        let path = format!("/imports/{id}{path}");
        assert_eq!(neighbor.status(&running, "GET", &path).await, 404);
    }
    let cancel = format!("/imports/{id}/cancel");
    assert_eq!(neighbor.status(&running, "POST", &cancel).await, 404);
    assert_eq!(trial.status(&running, "GET", "/imports").await, 401);
    trial.reaches(&running, &id, "checked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_without_script_leads_to_progress_file_1() {
    let trial = Trial::new();
    let running = trial.start().await;
    let id = trial
        .send_form(&running, "email;age\r\na@b;7\r\nwrong;8\r\n=c@d;x\r\n")
        .await;
    let checked = trial.reaches(&running, &id, "checked").await;
    assert_eq!(
        (&checked["rows_checked"], &checked["rows_bad"]),
        (&3.into(), &2.into())
    );
    assert_eq!(checked["name"], "members.csv");
    let report = trial.report(&running, &id).await;
    assert!(
        report.contains("3,email,… (5 characters),not an e-mail address\r\n"),
        "{report}"
    );
    assert!(report.contains("\r\n4,age,… (1 character),"), "{report}");
    let followed = trial.follow(&running, &id, "done").await;
    assert!(followed.contains("event: resync"), "{followed}");
    assert!(followed.contains("event: progress"), "{followed}");
    assert_eq!(trial.members(&running).await, 1);
}
