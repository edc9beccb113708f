use std::{future::pending, io};

use bytes::Bytes;
use futures::{StreamExt as _, future::join_all, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use seaworthy_storage::{Content, ListOptions, StorageError};
use seaworthy_testkit::eventually;
use tokio::sync::oneshot;

use crate::fixture::{MAX_OBJECT_SIZE, TestStorage, key, text};

const PIECE: usize = 1024 * 1024;

/// A stream of this many pieces, then an error.
fn failing(pieces: usize) -> Content {
    let piece = Ok(Frame::data(Bytes::from(vec![7; PIECE])));
    let whole = stream::iter((0..pieces).map(move |_| match &piece {
        Ok(frame) => Ok(Frame::data(frame.data_ref().cloned().unwrap())),
        Err(()) => Err(io::Error::other("never")),
    }));
    let end = stream::iter([Err(io::Error::other("the client is gone"))]);
    Content::stream(StreamBody::new(whole.chain(end)))
}

async fn is_missing(test: &TestStorage, name: &str) -> bool {
    let head = test.storage.head(&key(name)).await;
    let page = test.storage.list(&ListOptions::new("")).await.unwrap();
    matches!(head, Err(StorageError::NotFound(_))) && page.objects.is_empty()
}

pub(crate) async fn failed_streams_leave_no_object_file_1(test: TestStorage) {
    for pieces in [0, 1, 20] {
        let stored = test.storage.put(&key("a"), failing(pieces), &text()).await;
        assert!(
            matches!(stored, Err(StorageError::Content(_))),
            "{stored:?}"
        );
        assert!(is_missing(&test, "a").await, "{pieces}");
    }
}

pub(crate) async fn dropped_uploads_leave_no_object_file_1(test: TestStorage) {
    let (sender, receiver) = oneshot::channel();
    let first = (0..20).map(|_| Ok::<_, io::Error>(Frame::data(Bytes::from(vec![7; PIECE]))));
    let waiting = stream::once(async move {
        sender.send(()).unwrap();
        pending().await
    });
    let body = Content::stream(StreamBody::new(stream::iter(first).chain(waiting)));
    let (name, options) = (key("a"), text());
    tokio::select! {
        stored = test.storage.put(&name, body, &options) => panic!("{stored:?}"),
        sent = receiver => sent.unwrap(),
    }
    assert!(is_missing(&test, "a").await);
    if let Some(directory) = &test.directory {
        let temporary = directory.path().join("temporary");
        assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0);
    }
}

pub(crate) async fn wrong_declared_sizes_are_rejected_file_1(test: TestStorage) {
    for size in [0, 3, 5, 100] {
        let content = Content::from("four").with_size(size);
        let stored = test.storage.put(&key("a"), content, &text()).await;
        assert!(
            matches!(stored, Err(StorageError::Size { expected, .. }) if expected == size),
            "{stored:?}"
        );
        assert!(is_missing(&test, "a").await);
    }
    let content = Content::from("four").with_size(4);
    test.storage.put(&key("a"), content, &text()).await.unwrap();
}

pub(crate) async fn content_above_limit_is_rejected_file_1(test: TestStorage) {
    let limit = MAX_OBJECT_SIZE.get();
    let declared = Content::from("small").with_size(limit + 1);
    let stored = test.storage.put(&key("a"), declared, &text()).await;
    assert!(
        matches!(stored, Err(StorageError::TooLarge(_))),
        "{stored:?}"
    );
    let stored = test.storage.put(&key("a"), failing(41), &text()).await;
    assert!(
        matches!(stored, Err(StorageError::TooLarge(_))),
        "{stored:?}"
    );
    assert!(is_missing(&test, "a").await);
}

pub(crate) async fn failed_uploads_keep_old_object_file_1(test: TestStorage) {
    test.put("a", "old").await;
    for pieces in [0, 1, 20] {
        test.storage
            .put(&key("a"), failing(pieces), &text())
            .await
            .unwrap_err();
        assert_eq!(test.read("a").await, "old");
    }
}

pub(crate) async fn one_of_concurrent_creations_succeeds_file_1(test: TestStorage) {
    let (key, options) = (key("a"), text().only_if_absent());
    let uploads = (0..8).map(|number| {
        let content = format!("content {number}");
        test.storage.put(&key, content, &options)
    });
    let results = join_all(uploads).await;
    let mut winners = 0;
    for result in results {
        match result {
            Ok(_) => winners += 1,
            Err(StorageError::AlreadyExists(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(winners, 1);
    // An upload in parts checks the condition when it completes.
    let large = vec![7; 9 * PIECE];
    let stored = test.storage.put(&key, large, &options).await;
    assert!(
        matches!(stored, Err(StorageError::AlreadyExists(_))),
        "{stored:?}"
    );
    assert!(test.read("a").await.starts_with(b"content "));
    test.storage.delete(&key).await.unwrap();
    test.storage.put(&key, "new", &options).await.unwrap();
    eventually(async || test.read("a").await == "new").await;
}
