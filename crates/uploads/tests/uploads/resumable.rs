use std::{io::Write as _, net::TcpStream};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy_data::sql;
use seaworthy_storage::ListOptions;
use seaworthy_testkit::eventually;
use seaworthy_uploads::{NewUpload, UploadStatus};
use uuid::Uuid;

use crate::fixture::{TestApp, noise, read_start, sum};

type Headers<'a> = &'a [(&'a str, &'a str)];

const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const STREAM: (&str, &str) = ("content-type", "application/offset+octet-stream");
const PARTIAL: (&str, &str) = ("content-type", "application/partial-upload");

struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(app: &TestApp, method: &str, path: &str, headers: Headers<'_>, body: &[u8]) -> Reply {
    let url = app.url(path);
    let mut request = app
        .client
        .request(method.parse().unwrap(), url)
        .body(body.to_vec());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    Reply {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.text().await.unwrap(),
    }
}

/// Declares a whole body, sends its beginning, and closes the connection after the server has read
/// it. Returns the open connection if it is not to be closed.
async fn send_beginning(
    app: &TestApp,
    path: &str,
    headers: Headers<'_>,
    size: usize,
    beginning: &[u8],
) -> TcpStream {
    let mut head = format!("PATCH {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {size}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let (address, beginning) = (app.address, beginning.to_vec());
    let sent = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        stream.write_all(&beginning).unwrap();
        stream
    });
    sent.await.unwrap()
}

fn id_of(location: &str) -> Uuid {
    location.rsplit('/').next().unwrap().parse().unwrap()
}

pub(crate) async fn tus_continues_after_lost_connection_file_1(app: TestApp) {
    let content = noise(3_000_000);
    let size = content.len().to_string();
    let metadata = (
        "upload-metadata",
        "filename Li4vLi4vYQ==,filetype aW1hZ2UvcG5n",
    );
    let headers = [TUS, ("upload-length", &*size), metadata];
    let created = send(&app, "POST", "/uploads", &headers, b"").await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = created.header("location").to_owned();
    let mut offset = 0;
    for cut in 0..4 {
        let text = offset.to_string();
        let headers = [TUS, STREAM, ("upload-offset", &*text)];
        let end = (offset + 400_000 + cut * 77_777).min(content.len());
        let left = content.len() - offset;
        drop(send_beginning(&app, &path, &headers, left, &content[offset..end]).await);
        eventually(async || {
            let head = send(&app, "HEAD", &path, &[TUS], b"").await;
            assert_eq!(head.status, 200);
            head.header("upload-offset") == end.to_string()
        })
        .await;
        offset = end;
    }
    let head = send(&app, "HEAD", &path, &[TUS], b"").await;
    assert_eq!(head.header("upload-length"), size);
    assert_eq!(head.header("upload-metadata"), metadata.1);
    let stale = [TUS, STREAM, ("upload-offset", "0")];
    assert_eq!(
        send(&app, "PATCH", &path, &stale, &content).await.status,
        409
    );
    let text = offset.to_string();
    let headers = [TUS, STREAM, ("upload-offset", &*text)];
    let last = send(&app, "PATCH", &path, &headers, &content[offset..]).await;
    assert_eq!((last.status, last.header("upload-offset")), (204, &*size));
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&content));
    assert_eq!(ready.content_type.as_deref(), Some("image/png"));
    eventually(async || app.objects().await.len() == 1).await;
}

pub(crate) async fn draft_continues_after_lost_connection_file_1(app: TestApp) {
    let content = noise(2_000_000);
    let headers = [("upload-complete", "?0"), ("upload-length", "2000000")];
    let created = send(&app, "POST", "/uploads", &headers, &content[..1_000]).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(created.header("upload-offset"), "1000");
    let path = created.header("location").to_owned();
    let headers = [
        PARTIAL,
        ("upload-offset", "1000"),
        ("upload-complete", "?1"),
    ];
    let beginning = &content[1_000..700_000];
    drop(send_beginning(&app, &path, &headers, content.len() - 1_000, beginning).await);
    eventually(async || {
        let head = send(&app, "HEAD", &path, &[], b"").await;
        assert_eq!(head.header("upload-complete"), "?0");
        head.header("upload-offset") == "700000"
    })
    .await;
    let headers = [
        PARTIAL,
        ("upload-offset", "700000"),
        ("upload-complete", "?1"),
    ];
    let last = send(&app, "PATCH", &path, &headers, &content[700_000..]).await;
    assert_eq!((last.status, last.header("upload-complete")), (204, "?1"));
    let again = send(&app, "PATCH", &path, &headers, b"").await;
    assert!(again.body.contains("#completed-upload"), "{}", again.body);
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&content));
}

pub(crate) async fn many_parts_make_one_object_file_1(app: TestApp) {
    let content = noise(20 * 1024 * 1024 + 5);
    let created = send(&app, "POST", "/uploads", &[("upload-complete", "?0")], b"").await;
    let path = created.header("location").to_owned();
    let mut offset = 0;
    for end in [1, 9_000_000, 9_000_001, 17_000_000, content.len()] {
        let text = offset.to_string();
        let complete = if end == content.len() { "?1" } else { "?0" };
        let headers = [
            PARTIAL,
            ("upload-offset", &*text),
            ("upload-complete", complete),
        ];
        let answer = send(&app, "PATCH", &path, &headers, &content[offset..end]).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        assert_eq!(answer.header("upload-offset"), end.to_string());
        offset = end;
    }
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&content));
    eventually(async || app.objects().await.len() == 1).await;
}

pub(crate) async fn new_request_replaces_a_hanging_one_file_1(app: TestApp) {
    let content = noise(100_000);
    let headers = [TUS, ("upload-length", "100000")];
    let created = send(&app, "POST", "/uploads", &headers, b"").await;
    let path = created.header("location").to_owned();
    let headers = [TUS, STREAM, ("upload-offset", "0")];
    let hanging = send_beginning(&app, &path, &headers, 100_000, &content[..60_000]).await;
    eventually(async || app.is_claimed(id_of(&path)).await).await;
    // The new request waits until the old one has stored what it received.
    let stale = [TUS, STREAM, ("upload-offset", "99999")];
    assert_eq!(send(&app, "PATCH", &path, &stale, b"x").await.status, 409);
    let head = send(&app, "HEAD", &path, &[TUS], b"").await;
    let offset = head.header("upload-offset").to_owned();
    let start: usize = offset.parse().unwrap();
    assert!(start <= 60_000, "{start}");
    let headers = [TUS, STREAM, ("upload-offset", &*offset)];
    let last = send(&app, "PATCH", &path, &headers, &content[start..]).await;
    assert_eq!(last.status, 204, "{}", last.body);
    let rejected = tokio::task::spawn_blocking(move || read_start(hanging));
    let rejected = rejected.await.unwrap();
    assert!(
        rejected.is_empty() || rejected.contains(" 409 "),
        "{rejected}"
    );
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&content));
}

pub(crate) async fn uploads_of_others_do_not_exist_file_1(app: TestApp) {
    let upload = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    let path = format!("/uploads/{}", upload.id);
    for headers in [&[TUS][..], &[]] {
        for method in ["HEAD", "DELETE"] {
            assert_eq!(send(&app, method, &path, headers, b"").await.status, 404);
        }
    }
    let headers = [TUS, STREAM, ("upload-offset", "0"), ("upload-length", "7")];
    assert_eq!(
        send(&app, "PATCH", &path, &headers, b"content")
            .await
            .status,
        404
    );
    let headers = [PARTIAL, ("upload-offset", "0"), ("upload-complete", "?1")];
    assert_eq!(
        send(&app, "PATCH", &path, &headers, b"content")
            .await
            .status,
        404
    );
    let kept = app.uploads.store().find(upload.id).await.unwrap();
    assert_eq!((kept.size, kept.received), (None, 0));
}

pub(crate) async fn digest_mismatch_stores_nothing_file_1(app: TestApp) {
    let created = send(&app, "POST", "/uploads", &[("upload-complete", "?0")], b"").await;
    let path = created.header("location").to_owned();
    // The SHA-256 of "content".
    let right = "sha-256=:7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=:";
    let wrong = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
    for (digest, status, offset) in [(wrong, 400, "0"), (right, 204, "7")] {
        let headers = [
            PARTIAL,
            ("upload-offset", "0"),
            ("upload-complete", "?0"),
            ("content-digest", digest),
        ];
        let answer = send(&app, "PATCH", &path, &headers, b"content").await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let head = send(&app, "HEAD", &path, &[], b"").await;
        assert_eq!(head.header("upload-offset"), offset);
    }
}

pub(crate) async fn excess_fails_the_upload_file_1(app: TestApp) {
    let headers = [TUS, ("upload-length", "5")];
    let created = send(&app, "POST", "/uploads", &headers, b"").await;
    let path = created.header("location").to_owned();
    let headers = [TUS, STREAM, ("upload-offset", "0")];
    let rejected = send(&app, "PATCH", &path, &headers, b"content").await;
    assert_eq!(rejected.status, 400, "{}", rejected.body);
    assert_eq!(send(&app, "HEAD", &path, &[TUS], b"").await.status, 410);
    assert!(app.objects().await.is_empty());
}

/// Returns the offset of an upload by tus.
async fn offset(app: &TestApp, path: &str) -> usize {
    let head = send(app, "HEAD", path, &[TUS], b"").await;
    head.header("upload-offset").parse().unwrap()
}

pub(crate) async fn small_requests_store_their_own_bytes_file_1(app: TestApp) {
    let content = noise(600_040);
    let headers = [TUS, ("upload-length", "600040")];
    let path = send(&app, "POST", "/uploads", &headers, b"").await;
    let path = path.header("location").to_owned();
    for (start, piece) in content.chunks(1).take(17).enumerate() {
        let text = start.to_string();
        let headers = [TUS, STREAM, ("upload-offset", &*text)];
        assert_eq!(
            send(&app, "PATCH", &path, &headers, piece).await.status,
            204
        );
        let pieces = app.files.list(&ListOptions::new("")).await.unwrap();
        let stored: u64 = pieces.objects.iter().map(|piece| piece.size).sum();
        // One request joins 16 pieces.
        let expected = if start < 16 { start + 1 } else { 16 + 17 };
        assert!(
            stored <= u64::try_from(expected).unwrap(),
            "{stored} bytes after {start}"
        );
        assert!(pieces.objects.len() <= 17);
    }
    let headers = [TUS, STREAM, ("upload-offset", "17")];
    let last = send(&app, "PATCH", &path, &headers, &content[17..]).await;
    assert_eq!(last.status, 204, "{}", last.body);
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&content));
    eventually(async || app.objects().await.len() == 1).await;
}

pub(crate) async fn rejected_request_does_not_fix_the_length_file_1(app: TestApp) {
    let headers = [TUS, ("upload-defer-length", "1")];
    let path = send(&app, "POST", "/uploads", &headers, b"").await;
    let path = path.header("location").to_owned();
    let headers = [TUS, STREAM, ("upload-offset", "3"), ("upload-length", "9")];
    assert_eq!(send(&app, "PATCH", &path, &headers, b"x").await.status, 409);
    let headers = [TUS, STREAM, ("upload-offset", "0"), ("upload-length", "7")];
    let sent = send(&app, "PATCH", &path, &headers, b"content").await;
    assert_eq!(sent.status, 204, "{}", sent.body);
    app.reaches(id_of(&path), UploadStatus::Ready).await;
}

pub(crate) async fn crash_after_completion_with_digest_is_repeatable_file_1(app: TestApp) {
    app.stop_workers();
    let content = noise(9_000_000);
    let created = send(&app, "POST", "/uploads", &[("upload-complete", "?0")], b"").await;
    let path = created.header("location").to_owned();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
    let digest = format!("sha-256=:{}:", STANDARD.encode(digest));
    let headers = [
        PARTIAL,
        ("upload-offset", "0"),
        ("upload-complete", "?1"),
        ("content-digest", &*digest),
    ];
    let sent = send(&app, "PATCH", &path, &headers, &content).await;
    assert_eq!(sent.status, 204, "{}", sent.body);
    // The row as it is if the process ends after the completion of the object.
    sql("UPDATE uploads SET status = 'pending', size_bytes = NULL, received_bytes = 0")
        .execute(&app.database)
        .await
        .unwrap();
    let sent = send(&app, "PATCH", &path, &headers, &content).await;
    assert_eq!(sent.status, 204, "{}", sent.body);
    app.start_workers();
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&content));
}

pub(crate) async fn slow_uploads_share_the_memory_budget_file_1(app: TestApp) {
    let (content, size) = (noise(7_000_000), "8000000");
    let mut hanging = Vec::new();
    for _ in 0..3 {
        let created = send(
            &app,
            "POST",
            "/uploads",
            &[TUS, ("upload-length", size)],
            b"",
        )
        .await;
        let path = created.header("location").to_owned();
        let headers = [TUS, STREAM, ("upload-offset", "0")];
        let stream = send_beginning(&app, &path, &headers, 8_000_000, &content).await;
        hanging.push((path, stream));
    }
    // Three buffers exceed the budget, so the service ends the one that uses it most.
    let mut ended = None;
    eventually(async || {
        for (number, (path, _)) in hanging.iter().enumerate() {
            if offset(&app, path).await > 0 {
                ended = Some(number);
            }
        }
        ended.is_some()
    })
    .await;
    let (path, stream) = hanging.swap_remove(ended.unwrap());
    let answer = tokio::task::spawn_blocking(move || read_start(stream));
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after"), "{answer}");
    // It continues after the bytes that arrived, as soon as the others have released their memory.
    drop(hanging);
    let mut whole = content;
    whole.resize(8_000_000, 7);
    eventually(async || {
        let start = offset(&app, &path).await;
        assert!(start > 0);
        let text = start.to_string();
        let headers = [TUS, STREAM, ("upload-offset", &*text)];
        let last = send(&app, "PATCH", &path, &headers, &whole[start..]).await;
        assert!([204, 503].contains(&last.status), "{}", last.body);
        last.status == 204
    })
    .await;
    let ready = app.reaches(id_of(&path), UploadStatus::Ready).await;
    assert_eq!(ready.details.unwrap()["sum"], sum(&whole));
}
