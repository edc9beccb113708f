use bytes::Bytes;
use seaworthy_storage::{ListOptions, MIN_PART_SIZE, Part, PutOptions, StorageError};

use crate::fixture::{TestStorage, key, noise, text};

const PART: usize = MIN_PART_SIZE as usize;

pub(crate) async fn parts_in_any_order_make_one_object_file_1(test: TestStorage) {
    let content = noise(2 * PART + 1234);
    let options = PutOptions::new("video/mp4");
    let upload = test
        .storage
        .start_multipart(&key("a/b"), &options)
        .await
        .unwrap();
    // Another process may continue with the stored form.
    let upload = serde_json::from_slice(&serde_json::to_vec(&upload).unwrap()).unwrap();
    let mut parts = Vec::new();
    for number in [3, 1, 2_u16] {
        let start = PART * usize::from(number - 1);
        let piece = content.slice(start..content.len().min(start + PART));
        parts.push(test.storage.put_part(&upload, number, piece).await.unwrap());
    }
    let meta = test
        .storage
        .complete_multipart(&upload, &parts)
        .await
        .unwrap();
    assert_eq!(meta.size, u64::try_from(content.len()).unwrap());
    let head = test.storage.head(&key("a/b")).await.unwrap();
    assert_eq!(
        (&head.etag, head.content_type.as_str()),
        (&meta.etag, "video/mp4")
    );
    assert!(test.read("a/b").await == content, "the bytes differ");
}

pub(crate) async fn unfinished_uploads_are_not_visible_file_1(test: TestStorage) {
    let upload = test
        .storage
        .start_multipart(&key("a"), &text())
        .await
        .unwrap();
    test.storage.put_part(&upload, 1, "part").await.unwrap();
    let head = test.storage.head(&key("a")).await;
    assert!(matches!(head, Err(StorageError::NotFound(_))), "{head:?}");
    let page = test.storage.list(&ListOptions::new("")).await.unwrap();
    assert!(page.objects.is_empty(), "{page:?}");
}

pub(crate) async fn aborted_uploads_accept_no_parts_file_1(test: TestStorage) {
    let upload = test
        .storage
        .start_multipart(&key("a"), &text())
        .await
        .unwrap();
    let part = test.storage.put_part(&upload, 1, "part").await.unwrap();
    test.storage.abort_multipart(&upload).await.unwrap();
    test.storage.abort_multipart(&upload).await.unwrap();
    let stored = test.storage.put_part(&upload, 2, "part").await;
    assert!(
        matches!(stored, Err(StorageError::NoSuchUpload(_))),
        "{stored:?}"
    );
    let completed = test.storage.complete_multipart(&upload, &[part]).await;
    assert!(
        matches!(completed, Err(StorageError::NoSuchUpload(_))),
        "{completed:?}"
    );
}

pub(crate) async fn replaced_parts_are_not_completed_file_1(test: TestStorage) {
    let upload = test
        .storage
        .start_multipart(&key("a"), &text())
        .await
        .unwrap();
    let old = test.storage.put_part(&upload, 1, "old").await.unwrap();
    let new = test.storage.put_part(&upload, 1, "new part").await.unwrap();
    let completed = test.storage.complete_multipart(&upload, &[old]).await;
    assert!(
        matches!(completed, Err(StorageError::Parts(_))),
        "{completed:?}"
    );
    test.storage
        .complete_multipart(&upload, &[new])
        .await
        .unwrap();
    assert_eq!(test.read("a").await, "new part");
}

pub(crate) async fn invalid_part_lists_are_rejected_file_1(test: TestStorage) {
    let upload = test
        .storage
        .start_multipart(&key("a"), &text())
        .await
        .unwrap();
    for number in [0, 10_001] {
        let stored = test.storage.put_part(&upload, number, "x").await;
        assert!(matches!(stored, Err(StorageError::Parts(_))), "{stored:?}");
    }
    let too_large = Bytes::from(vec![0; 16 * 1024 * 1024 + 1]);
    let stored = test.storage.put_part(&upload, 1, too_large).await;
    assert!(
        matches!(stored, Err(StorageError::TooLarge(_))),
        "{stored:?}"
    );
    let part = test.storage.put_part(&upload, 1, "small").await.unwrap();
    let number = |number| Part {
        number,
        ..part.clone()
    };
    for parts in [
        vec![],
        vec![number(2)],
        vec![number(1), number(1)],
        // The first is smaller than 5 MiB.
        vec![number(1), number(2)],
    ] {
        let completed = test.storage.complete_multipart(&upload, &parts).await;
        assert!(
            matches!(completed, Err(StorageError::Parts(_))),
            "{completed:?}"
        );
    }
    test.storage
        .complete_multipart(&upload, &[part])
        .await
        .unwrap();
}

pub(crate) async fn conditional_multipart_keeps_existing_object_file_1(test: TestStorage) {
    let options = text().only_if_absent();
    let upload = test
        .storage
        .start_multipart(&key("a"), &options)
        .await
        .unwrap();
    let part = test.storage.put_part(&upload, 1, "new").await.unwrap();
    test.put("a", "old").await;
    let completed = test.storage.complete_multipart(&upload, &[part]).await;
    assert!(
        matches!(completed, Err(StorageError::AlreadyExists(_))),
        "{completed:?}"
    );
    assert_eq!(test.read("a").await, "old");
}

pub(crate) async fn completed_uploads_are_unknown_file_1(test: TestStorage) {
    let upload = test
        .storage
        .start_multipart(&key("a"), &text())
        .await
        .unwrap();
    let part = test.storage.put_part(&upload, 1, "part").await.unwrap();
    test.storage
        .complete_multipart(&upload, &[part])
        .await
        .unwrap();
    let stored = test.storage.put_part(&upload, 1, "late").await;
    assert!(
        matches!(stored, Err(StorageError::NoSuchUpload(_))),
        "{stored:?}"
    );
    assert_eq!(test.read("a").await, "part");
}
