use std::{sync::atomic::Ordering, time::Duration};

use seaworthy_data::sql;
use seaworthy_testkit::eventually;
use seaworthy_uploads::{NewUpload, UploadError, UploadStatus};

use crate::{fixture::TestApp, work::Behavior};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn stalled_upload_is_published_again_file_1(app: TestApp) {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    assert_eq!(app.put(&upload, "content").await, 200);
    let etag = {
        app.stop_workers();
        app.uploads.complete(upload.id, "ada").await.unwrap();
        app.start_workers();
        app.reaches(upload.id, UploadStatus::Ready).await;
        app.work.announced.load(Ordering::SeqCst)
    };
    // A worker claimed another upload and died.
    let stalled = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    assert_eq!(app.put(&stalled, "content").await, 200);
    app.stop_workers();
    app.uploads.complete(stalled.id, "ada").await.unwrap();
    sql("UPDATE uploads SET status = 'processing', attempts = 1, claimed_by = ?, claimed_until_us = {now_us} + 1000000000 WHERE id = ?")
        .bind(seaworthy_core::new_id())
        .bind(stalled.id)
        .execute(&app.database)
        .await
        .unwrap();
    app.sweep().await;
    assert_eq!(app.work.announced.load(Ordering::SeqCst), etag + 1);
    app.age(20 * MINUTE).await;
    app.sweep().await;
    assert_eq!(app.work.announced.load(Ordering::SeqCst), etag + 2);
    app.sweep().await;
    assert_eq!(app.work.announced.load(Ordering::SeqCst), etag + 2);
    app.start_workers();
    app.reaches(stalled.id, UploadStatus::Ready).await;
}

pub(crate) async fn pending_upload_expires_with_its_objects_file_1(app: TestApp) {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    assert_eq!(app.put(&upload, "content").await, 200);
    app.sweep().await;
    assert_eq!(app.status(upload.id).await, UploadStatus::Pending);
    app.age(DAY + MINUTE).await;
    app.sweep().await;
    assert_eq!(app.status(upload.id).await, UploadStatus::Expired);
    assert!(app.objects().await.is_empty());
    app.age(8 * DAY).await;
    app.sweep().await;
    app.age(10 * MINUTE).await;
    app.sweep().await;
    assert_eq!(app.rows().await, 0);
}

pub(crate) async fn late_content_of_final_upload_is_removed_file_1(app: TestApp) {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    let signed = app.uploads.presign(&upload).unwrap();
    assert_eq!(app.put_to(&signed, "content").await, 200);
    app.uploads.complete(upload.id, "ada").await.unwrap();
    app.reaches(upload.id, UploadStatus::Ready).await;
    eventually(async || app.objects().await.len() == 1).await;
    assert_eq!(app.put_to(&signed, "late").await, 200);
    assert_eq!(app.objects().await.len(), 2);
    app.age(7 * MINUTE).await;
    app.sweep().await;
    assert_eq!(app.objects().await, [format!("results/{}", upload.id)]);
}

pub(crate) async fn deleted_upload_leaves_nothing_file_1(app: TestApp) {
    let ready = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    assert_eq!(app.put(&ready, "content").await, 200);
    app.uploads.complete(ready.id, "ada").await.unwrap();
    app.reaches(ready.id, UploadStatus::Ready).await;
    let open = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    let signed = app.uploads.presign(&open).unwrap();
    assert_eq!(app.put_to(&signed, "content").await, 200);
    app.uploads
        .create(NewUpload::new("bob", "x"))
        .await
        .unwrap();
    app.uploads.store().delete_for_owner("ada").await.unwrap();
    app.uploads.store().delete_for_owner("ada").await.unwrap();
    for id in [ready.id, open.id] {
        let gone = app.uploads.store().find(id).await;
        assert!(matches!(gone, Err(UploadError::NotFound)), "{gone:?}");
    }
    eventually(async || app.objects().await.is_empty()).await;
    assert_eq!(app.put_to(&signed, "late").await, 200);
    app.age(7 * MINUTE).await;
    app.sweep().await;
    assert!(app.objects().await.is_empty());
    assert_eq!(app.rows().await, 1);
}

pub(crate) async fn signed_content_of_wrong_size_fails_file_1(app: TestApp) {
    let new = NewUpload::new("ada", "x").size(7);
    let upload = app.uploads.create(new).await.unwrap();
    assert_eq!(app.put(&upload, "short").await, 200);
    app.sweep().await;
    assert_eq!(app.status(upload.id).await, UploadStatus::Pending);
    app.age(7 * MINUTE).await;
    app.sweep().await;
    let failed = app.uploads.store().find(upload.id).await.unwrap();
    assert_eq!(failed.failure.unwrap().reason, "SIZE_MISMATCH");
    assert!(app.objects().await.is_empty());
}

pub(crate) async fn endless_scanner_failure_ends_the_upload_file_1(app: TestApp) {
    *app.work.behavior.lock() = Behavior::ScannerFails;
    let new = NewUpload::new("ada", "x");
    let upload = app.uploads.create(new).await.unwrap();
    assert_eq!(app.put(&upload, "content").await, 200);
    app.uploads.complete(upload.id, "ada").await.unwrap();
    let mut scans = app.work.scans.subscribe();
    scans.wait_for(|scans| *scans > 5).await.unwrap();
    app.age(2 * DAY + MINUTE).await;
    eventually(async || {
        app.sweep().await;
        app.status(upload.id).await == UploadStatus::Failed
    })
    .await;
    let failed = app.uploads.store().find(upload.id).await.unwrap();
    assert_eq!(failed.failure.unwrap().reason, "PROCESSING_OVERDUE");
}
