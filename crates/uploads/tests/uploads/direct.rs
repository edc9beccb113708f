use std::{io::Write as _, net::TcpStream, sync::atomic::Ordering};

use seaworthy_data::sql;
use seaworthy_testkit::eventually;
use seaworthy_uploads::{NewUpload, UploadError, UploadStatus};

use crate::fixture::{TestApp, read_start, sum};

pub(crate) async fn signed_upload_becomes_ready_file_1(app: TestApp) {
    let new = NewUpload::new("ada", "picture")
        .size(7)
        .content_type("image/png");
    let upload = app.uploads.create(new).await.unwrap();
    assert_eq!(upload.status, UploadStatus::Pending);
    assert_eq!(app.put(&upload, "too long").await, 403);
    assert_eq!(app.put(&upload, "content").await, 200);
    let complete = app.uploads.complete(upload.id, "ada").await.unwrap();
    assert_eq!(
        (complete.status, complete.size),
        (UploadStatus::Uploaded, Some(7))
    );
    let ready = app.reaches(upload.id, UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(b"content"));
    let result = format!("results/{}", upload.id);
    eventually(async || app.objects().await == [result.as_str()]).await;
}

pub(crate) async fn completion_is_idempotent_file_1(app: TestApp) {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    assert_eq!(app.put(&upload, "content").await, 200);
    let calls = (0..8).map(|_| app.uploads.complete(upload.id, "ada"));
    for complete in futures::future::join_all(calls).await {
        assert_ne!(complete.unwrap().status, UploadStatus::Pending);
    }
    app.reaches(upload.id, UploadStatus::Ready).await;
    assert_eq!(app.work.announced.load(Ordering::SeqCst), 1);
    let again = app.uploads.complete(upload.id, "ada").await.unwrap();
    assert_eq!(again.status, UploadStatus::Ready);
    assert!(matches!(
        app.uploads.presign(&again),
        Err(UploadError::Closed(_))
    ));
}

pub(crate) async fn completion_checks_content_and_owner_file_1(app: TestApp) {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    let early = app.uploads.complete(upload.id, "ada").await;
    assert!(matches!(early, Err(UploadError::NotUploaded)), "{early:?}");
    assert_eq!(app.put(&upload, "content").await, 200);
    let other = app.uploads.complete(upload.id, "eve").await;
    assert!(matches!(other, Err(UploadError::Forbidden)), "{other:?}");
    let unknown = app.uploads.complete(seaworthy_core::new_id(), "ada").await;
    assert!(matches!(unknown, Err(UploadError::NotFound)), "{unknown:?}");
    assert_eq!(app.status(upload.id).await, UploadStatus::Pending);
}

pub(crate) async fn wrong_size_fails_and_removes_content_file_1(app: TestApp) {
    // Without a media type the URL does not bind the exact size.
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x").size(7))
        .await
        .unwrap();
    assert_eq!(app.put(&upload, "short").await, 200);
    let rejected = app.uploads.complete(upload.id, "ada").await;
    let is_size = matches!(
        rejected,
        Err(UploadError::Size {
            declared: 7,
            actual: 5
        })
    );
    assert!(is_size, "{rejected:?}");
    let failed = app.uploads.store().find(upload.id).await.unwrap();
    assert_eq!(failed.status, UploadStatus::Failed);
    assert_eq!(failed.failure.unwrap().reason, "SIZE_MISMATCH");
    assert!(app.objects().await.is_empty());
}

pub(crate) async fn replaced_content_is_not_processed_file_1(app: TestApp) {
    app.stop_workers();
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    let signed = app.uploads.presign(&upload).unwrap();
    assert_eq!(app.put_to(&signed, "harmless").await, 200);
    app.uploads.complete(upload.id, "ada").await.unwrap();
    // The URL is still valid.
    assert_eq!(app.put_to(&signed, "malware!").await, 200);
    app.start_workers();
    let failed = app.reaches(upload.id, UploadStatus::Failed).await;
    assert_eq!(failed.failure.unwrap().reason, "CONTENT_REPLACED");
    eventually(async || app.objects().await.is_empty()).await;
}

pub(crate) async fn form_stores_its_file_file_1(app: TestApp) {
    let form = |name: &str| {
        format!(
            "--limit\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: image/png\r\n\r\ncontent\r\n--limit--\r\n"
        )
    };
    let send = async |body: String| {
        let request = app.client.post(app.url("/uploads")).body(body);
        let request = request.header("content-type", "multipart/form-data; boundary=limit");
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // The name of the file has no effect on the key.
    let (status, body) = send(form("../../etc/passwd")).await;
    assert_eq!(status, 201, "{body}");
    let id = body.split('"').find_map(|text| text.parse().ok()).unwrap();
    let ready = app.reaches(id, UploadStatus::Ready).await;
    assert_eq!(ready.content_type.as_deref(), Some("image/png"));
    assert_eq!(ready.details.unwrap()["sum"], sum(b"content"));
    let (status, body) = send(form("x").replace("; filename=\"x\"", "")).await;
    assert_eq!(status, 400, "{body}");
    let cut = form("x").replace("--limit--", "");
    assert_eq!(send(cut).await.0, 400);
    eventually(async || app.rows().await == 2).await;
}

/// Opens a connection and sends the beginning of a form with a declared size of 1 MiB.
async fn begin_form(app: &TestApp, beginning: Vec<u8>) -> TcpStream {
    let address = app.address;
    let sent = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "POST /uploads HTTP/1.1\r\nhost: test\r\ncontent-length: 1048576\r\ncontent-type: multipart/form-data; boundary=limit\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&beginning).unwrap();
        stream
    });
    sent.await.unwrap()
}

const FILE: &str = "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"";

pub(crate) async fn endless_form_header_is_rejected_file_1(app: TestApp) {
    let beginning = format!("{FILE}\r\nx: {}", "y".repeat(200_000));
    let stream = begin_form(&app, beginning.into_bytes()).await;
    let answer = tokio::task::spawn_blocking(move || read_start(stream));
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(app.rows().await, 0);
}

pub(crate) async fn interrupted_form_leaves_no_upload_file_1(app: TestApp) {
    let beginning = format!("{FILE}\r\n\r\n{}", "y".repeat(100_000));
    let stream = begin_form(&app, beginning.into_bytes()).await;
    let open = async || {
        let open = "SELECT COUNT(*) FROM uploads WHERE status = 'pending'";
        let (open,): (i64,) = sql(open).fetch_one(&app.database).await.unwrap();
        open
    };
    eventually(async || open().await == 1).await;
    drop(stream);
    eventually(async || open().await == 0).await;
    assert!(app.objects().await.is_empty());
}
