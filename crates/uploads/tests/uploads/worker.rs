use std::sync::atomic::Ordering;

use seaworthy_data::sql;
use seaworthy_testkit::eventually;
use seaworthy_uploads::{NewUpload, Upload, UploadStatus};

use crate::{fixture::TestApp, work::Behavior};

async fn complete(app: &TestApp) -> Upload {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    assert_eq!(app.put(&upload, "content").await, 200);
    app.uploads.complete(upload.id, "ada").await.unwrap()
}

pub(crate) async fn repeated_messages_process_once_file_1(app: TestApp) {
    app.stop_workers();
    let upload = complete(&app).await;
    let calls = (0..6).map(|_| app.worker.process(upload.id));
    let outcomes = futures::future::join_all(calls).await;
    assert!(outcomes.iter().any(Result::is_ok));
    assert_eq!(app.status(upload.id).await, UploadStatus::Ready);
    app.worker.process(upload.id).await.unwrap();
    app.worker.process(seaworthy_core::new_id()).await.unwrap();
    assert_eq!(app.work.processed.load(Ordering::SeqCst), 1);
}

pub(crate) async fn failed_dependency_is_retried_file_1(app: TestApp) {
    *app.work.behavior.lock() = Behavior::FailsOnce;
    let upload = complete(&app).await;
    app.reaches(upload.id, UploadStatus::Ready).await;
    assert_eq!(app.work.processed.load(Ordering::SeqCst), 1);
}

pub(crate) async fn endless_crashes_fail_the_upload_file_1(app: TestApp) {
    app.stop_workers();
    let upload = complete(&app).await;
    // Three workers claimed the upload and ended without a result.
    sql(
        "UPDATE uploads SET status = 'processing', attempts = 3, claimed_until_us = 0 WHERE id = ?",
    )
    .bind(upload.id)
    .execute(&app.database)
    .await
    .unwrap();
    app.worker.process(upload.id).await.unwrap();
    let failed = app.uploads.store().find(upload.id).await.unwrap();
    assert_eq!(failed.status, UploadStatus::Failed);
    assert_eq!(failed.failure.unwrap().reason, "TOO_MANY_ATTEMPTS");
    assert!(app.objects().await.is_empty());
}

pub(crate) async fn scanner_failure_processes_nothing_file_1(app: TestApp) {
    *app.work.behavior.lock() = Behavior::ScannerFails;
    let upload = complete(&app).await;
    app.reaches(upload.id, UploadStatus::Scanning).await;
    let mut scans = app.work.scans.subscribe();
    scans.wait_for(|scans| *scans > 5).await.unwrap();
    assert_eq!(app.status(upload.id).await, UploadStatus::Scanning);
    assert_eq!(app.work.processed.load(Ordering::SeqCst), 0);
    *app.work.behavior.lock() = Behavior::Works;
    app.reaches(upload.id, UploadStatus::Ready).await;
}

pub(crate) async fn repeated_scan_timeouts_fail_the_upload_file_1(app: TestApp) {
    *app.work.behavior.lock() = Behavior::ScannerTimesOut;
    let upload = complete(&app).await;
    let failed = app.reaches(upload.id, UploadStatus::Failed).await;
    assert_eq!(failed.failure.unwrap().reason, "TOO_MANY_ATTEMPTS");
    assert_eq!(*app.work.scans.borrow(), 3);
    eventually(async || app.objects().await.is_empty()).await;
}

pub(crate) async fn malware_fails_the_upload_file_1(app: TestApp) {
    *app.work.behavior.lock() = Behavior::FindsMalware;
    let upload = complete(&app).await;
    let failed = app.reaches(upload.id, UploadStatus::Failed).await;
    assert_eq!(failed.failure.unwrap().reason, "MALWARE");
    assert_eq!(app.work.processed.load(Ordering::SeqCst), 0);
    eventually(async || app.objects().await.is_empty()).await;
}
