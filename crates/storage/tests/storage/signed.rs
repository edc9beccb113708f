use seaworthy_core::Timeout;
use seaworthy_storage::{StorageError, UploadConstraints};
use seaworthy_testkit::eventually;

use crate::fixture::{MAX_OBJECT_SIZE, TestStorage, key, send, send_to, text};

const TTL: Timeout = Timeout::from_secs(300);

fn terms() -> UploadConstraints {
    UploadConstraints::new(4, "image/png")
}

pub(crate) async fn signed_uploads_store_objects_file_1(test: TestStorage) {
    let name = "uploads/é 1+2.png";
    let signed = test.storage.presign_put(&key(name), &terms(), TTL).unwrap();
    let debug = format!("{signed:?}");
    assert!(!debug.to_lowercase().contains("signature"), "{debug}");
    let members = signed.members();
    assert_eq!(members["method"], "PUT");
    assert_eq!(members["url"], signed.url().as_str());
    assert!(members["expiresAt"].as_str().unwrap().ends_with('Z'));
    let response = send(&signed, "PUT", &[], "four").await;
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(test.read(name).await, "four");
    let head = test.storage.head(&key(name)).await.unwrap();
    assert_eq!(head.content_type, "image/png");
    assert_eq!(
        response.header("etag").unwrap().trim_matches('"'),
        head.etag
    );
}

pub(crate) async fn signed_uploads_bind_size_and_type_file_1(test: TestStorage) {
    let signed = test.storage.presign_put(&key("a"), &terms(), TTL).unwrap();
    for body in ["", "fou", "four5"] {
        let response = send(&signed, "PUT", &[], body).await;
        assert_eq!(response.status, 403, "{body}");
    }
    let response = send(&signed, "PUT", &[("content-type", "text/html")], "four").await;
    assert_eq!(response.status, 403);
    let head = test.storage.head(&key("a")).await;
    assert!(matches!(head, Err(StorageError::NotFound(_))), "{head:?}");
}

pub(crate) async fn open_signed_uploads_have_a_maximum_file_1(test: TestStorage) {
    let above = UploadConstraints::with_max_size(MAX_OBJECT_SIZE.get() + 1);
    let rejected = test.storage.presign_put(&key("a"), &above, TTL);
    assert!(matches!(rejected, Err(StorageError::TooLarge(_))));
    let signed = test
        .storage
        .presign_put(&key("a"), &UploadConstraints::with_max_size(4), TTL);
    // S3 cannot check it.
    if test.storage.routes().is_none() {
        assert!(
            matches!(signed, Err(StorageError::MissingConstraints)),
            "{signed:?}"
        );
        let unenforced = UploadConstraints::with_unenforced_max_size(4);
        let signed = test.storage.presign_put(&key("a"), &unenforced, TTL);
        let response = send(&signed.unwrap(), "PUT", &[], "four5").await;
        assert_eq!(response.status, 200, "{}", response.body);
        return;
    }
    let signed = signed.unwrap();
    let response = send(&signed, "PUT", &[("content-type", "image/webp")], "fou").await;
    assert_eq!(response.status, 200, "{}", response.body);
    let head = test.storage.head(&key("a")).await.unwrap();
    assert_eq!((head.size, head.content_type.as_str()), (3, "image/webp"));
    let response = send(&signed, "PUT", &[], "four5").await;
    assert_eq!(response.status, 403);
    let changed = signed.url().as_str().replace("max=4", "max=9");
    let response = send_to(&changed, &signed, "PUT", &[], "four5").await;
    assert_eq!(response.status, 403);
}

pub(crate) async fn signed_uploads_can_keep_existing_objects_file_1(test: TestStorage) {
    let once = terms().only_if_absent();
    let signed = test.storage.presign_put(&key("a"), &once, TTL).unwrap();
    let response = send(&signed, "PUT", &[], "four").await;
    assert_eq!(response.status, 200, "{}", response.body);
    // The URL is still valid, and the object stays as it is.
    let response = send(&signed, "PUT", &[], "evil").await;
    assert!(matches!(response.status, 409 | 412), "{}", response.status);
    assert_eq!(test.read("a").await, "four");
    // The condition cannot be left out.
    let url = signed.url().as_str().replace("&absent=true", "");
    let response = send_to(&url, &signed, "PUT", &[("if-none-match", "x")], "evil").await;
    assert!(matches!(response.status, 400 | 403), "{}", response.status);
    assert_eq!(test.read("a").await, "four");
    // Without the condition, an upload replaces the object.
    let signed = test.storage.presign_put(&key("a"), &terms(), TTL).unwrap();
    assert_eq!(send(&signed, "PUT", &[], "more").await.status, 200);
    assert_eq!(test.read("a").await, "more");
}

pub(crate) async fn signed_urls_bind_method_and_key_file_1(test: TestStorage) {
    test.put("a", "old").await;
    test.put("b", "secret").await;
    let read = test.storage.presign_get(&key("a"), TTL).unwrap();
    let response = send(&read, "PUT", &[], "four").await;
    assert!(matches!(response.status, 400 | 403), "{}", response.status);
    let write = test.storage.presign_put(&key("a"), &terms(), TTL).unwrap();
    let response = send(&write, "GET", &[], "").await;
    assert_eq!(response.status, 403);
    for (from, to) in [("/a?", "/b?"), ("key=a&", "key=b&")] {
        let url = read.url().as_str();
        if !url.contains(from) {
            continue;
        }
        let response = send_to(&url.replace(from, to), &read, "GET", &[], "").await;
        assert_eq!(response.status, 403);
        assert!(!response.body.contains("secret"));
    }
    assert_eq!(test.read("a").await, "old");
}

pub(crate) async fn signed_urls_expire_file_1(test: TestStorage) {
    test.put("a", "text").await;
    let signed = test
        .storage
        .presign_get(&key("a"), Timeout::from_secs(1))
        .unwrap();
    eventually(async || send(&signed, "GET", &[], "").await.status == 403).await;
    let url = signed.url().as_str();
    for (from, to) in [
        ("X-Amz-Expires=1&", "X-Amz-Expires=9&"),
        ("expires=1", "expires=2"),
    ] {
        if url.contains(from) {
            let response = send_to(&url.replacen(from, to, 1), &signed, "GET", &[], "").await;
            assert_eq!(response.status, 403);
        }
    }
}

pub(crate) async fn signed_downloads_return_objects_file_1(test: TestStorage) {
    test.put("a/b", "0123456789").await;
    let signed = test.storage.presign_get(&key("a/b"), TTL).unwrap();
    let response = send(&signed, "GET", &[], "").await;
    assert_eq!(
        (response.status, response.body.as_str()),
        (200, "0123456789")
    );
    assert_eq!(response.header("content-type"), Some("text/plain"));
    let response = send(&signed, "GET", &[("range", "bytes=2-4")], "").await;
    assert_eq!((response.status, response.body.as_str()), (206, "234"));
    assert_eq!(response.header("content-range"), Some("bytes 2-4/10"));
    let response = send(&signed, "GET", &[("range", "bytes=10-")], "").await;
    assert_eq!(response.status, 416);
    let missing = test.storage.presign_get(&key("missing"), TTL).unwrap();
    assert_eq!(send(&missing, "GET", &[], "").await.status, 404);
}

pub(crate) async fn signed_parts_complete_uploads_file_1(test: TestStorage) {
    let upload = test
        .storage
        .start_multipart(&key("a"), &text())
        .await
        .unwrap();
    let signed = test.storage.presign_part(&upload, 1, 4, TTL).unwrap();
    assert_eq!(send(&signed, "PUT", &[], "four5").await.status, 403);
    let response = send(&signed, "PUT", &[], "four").await;
    assert_eq!(response.status, 200, "{}", response.body);
    let part = seaworthy_storage::Part {
        number: 1,
        etag: response
            .header("etag")
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        size: 4,
    };
    test.storage
        .complete_multipart(&upload, &[part])
        .await
        .unwrap();
    assert_eq!(test.read("a").await, "four");
}

pub(crate) async fn invalid_terms_are_not_signed_file_1(test: TestStorage) {
    let sign = |terms: &UploadConstraints, ttl| test.storage.presign_put(&key("a"), terms, ttl);
    // A `Timeout` has at most seven days.
    let signed = sign(&terms(), Timeout::from_millis(999));
    assert!(
        matches!(signed, Err(StorageError::Argument(_))),
        "{signed:?}"
    );
    let signed = sign(
        &UploadConstraints::new(MAX_OBJECT_SIZE.get() + 1, "image/png"),
        TTL,
    );
    assert!(
        matches!(signed, Err(StorageError::TooLarge(_))),
        "{signed:?}"
    );
    let signed = sign(&UploadConstraints::new(4, "image/png\n"), TTL);
    assert!(
        matches!(signed, Err(StorageError::Argument(_))),
        "{signed:?}"
    );
    sign(&terms(), Timeout::from_secs(604_800)).unwrap();
}
