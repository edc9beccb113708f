use std::{future::poll_fn, pin::Pin, time::SystemTime};

use bytes::Bytes;
use futures::stream;
use http_body::{Body as _, Frame};
use http_body_util::StreamBody;
use seaworthy_storage::{Content, PutOptions, StorageError};

use crate::fixture::{TestStorage, key, noise, text};

/// More than two parts of an upload and four ranges of a download, and not a multiple of them.
const LARGE: usize = 18 * 1024 * 1024 + 77;
/// Not a divisor of the size of a part.
const PIECE: usize = 100_003;

pub(crate) async fn put_objects_round_trip_file_1(test: TestStorage) {
    let key = key("covers/7.jpg");
    let options = PutOptions::new("image/jpeg");
    let stored = test
        .storage
        .put(&key, "the picture", &options)
        .await
        .unwrap();
    assert_eq!(stored.size, 11);
    let head = test.storage.head(&key).await.unwrap();
    assert_eq!((head.size, head.content_type.as_str()), (11, "image/jpeg"));
    assert_eq!(head.etag, stored.etag);
    assert!(!head.etag.is_empty() && !head.etag.contains('"'));
    let age = SystemTime::now().duration_since(head.modified);
    assert!(age.is_ok_and(|age| age.as_secs() < 600));
    let object = test.storage.get(&key).await.unwrap();
    assert_eq!(object.meta().content_type, "image/jpeg");
    assert_eq!(object.meta().etag, stored.etag);
    assert_eq!(object.range(), &(0..11));
    assert_eq!(object.bytes(11).await.unwrap(), "the picture");
    let too_large = test.storage.get(&key).await.unwrap().bytes(10).await;
    assert!(matches!(too_large, Err(StorageError::TooLarge(_))));
}

pub(crate) async fn empty_objects_round_trip_file_1(test: TestStorage) {
    let key = key("empty");
    let stored = test.storage.put(&key, "", &text()).await.unwrap();
    assert_eq!(stored.size, 0);
    assert_eq!(test.storage.head(&key).await.unwrap().size, 0);
    assert_eq!(test.read("empty").await, "");
    let range = test.storage.get_range(&key, 0..1).await;
    assert!(matches!(range, Err(StorageError::Range { size: 0 })));
}

pub(crate) async fn put_replaces_whole_object_file_1(test: TestStorage) {
    let key = key("cover");
    let first = test
        .storage
        .put(&key, "a longer text", &text())
        .await
        .unwrap();
    let options = PutOptions::new("text/html");
    let second = test.storage.put(&key, "short", &options).await.unwrap();
    assert_ne!(first.etag, second.etag);
    let head = test.storage.head(&key).await.unwrap();
    assert_eq!((head.size, head.content_type.as_str()), (5, "text/html"));
    assert_eq!(test.read("cover").await, "short");
}

pub(crate) async fn missing_objects_are_not_found_file_1(test: TestStorage) {
    test.put("a/b/c", "x").await;
    for name in ["missing", "a/missing", "a/b/c2", "a/b/missing/d"] {
        let key = key(name);
        let head = test.storage.head(&key).await;
        assert!(matches!(head, Err(StorageError::NotFound(_))), "{head:?}");
        let whole = test.storage.get(&key).await;
        assert!(matches!(whole, Err(StorageError::NotFound(_))), "{whole:?}");
        let range = test.storage.get_range(&key, 1..).await;
        assert!(matches!(range, Err(StorageError::NotFound(_))), "{range:?}");
    }
}

pub(crate) async fn delete_of_missing_object_succeeds_file_1(test: TestStorage) {
    let key = key("a/b/c");
    test.put("a/b/c", "x").await;
    test.storage.delete(&key).await.unwrap();
    let head = test.storage.head(&key).await;
    assert!(matches!(head, Err(StorageError::NotFound(_))), "{head:?}");
    test.storage.delete(&key).await.unwrap();
    test.put("a/b/c", "again").await;
    assert_eq!(test.read("a/b/c").await, "again");
}

pub(crate) async fn ranges_return_their_bytes_file_1(test: TestStorage) {
    let key = key("digits");
    test.put("digits", "0123456789").await;
    let read = async |start: u64, end: Option<u64>| {
        let object = match end {
            Some(end) => test.storage.get_range(&key, start..end).await,
            None => test.storage.get_range(&key, start..).await,
        }?;
        assert_eq!(object.meta().size, 10);
        let range = object.range().clone();
        let bytes = object.bytes(10).await?;
        assert_eq!(u64::try_from(bytes.len()).unwrap(), range.end - range.start);
        Ok::<_, StorageError>((range, bytes))
    };
    for (start, end, expected, text) in [
        (0, Some(1), 0..1, "0"),
        (2, Some(5), 2..5, "234"),
        (9, None, 9..10, "9"),
        (7, Some(100), 7..10, "789"),
        (0, None, 0..10, "0123456789"),
    ] {
        let (range, bytes) = read(start, end).await.unwrap();
        assert_eq!((range, bytes), (expected, Bytes::from(text)));
    }
    for (start, end) in [
        (10, None),
        (10, Some(11)),
        (100, None),
        (5, Some(5)),
        (5, Some(2)),
    ] {
        let error = read(start, end).await.unwrap_err();
        assert!(
            matches!(error, StorageError::Range { size: 10 }),
            "{error:?}"
        );
    }
}

pub(crate) async fn large_objects_stream_in_and_out_file_1(test: TestStorage) {
    let content = noise(LARGE);
    let key = key("large");
    let pieces: Vec<_> = content.chunks(PIECE).map(Bytes::copy_from_slice).collect();
    let frames = pieces
        .into_iter()
        .map(|piece| Ok::<_, std::io::Error>(Frame::data(piece)));
    let body = Content::stream(StreamBody::new(stream::iter(frames)));
    let options = PutOptions::new("video/mp4");
    let stored = test.storage.put(&key, body, &options).await.unwrap();
    assert_eq!(stored.size, LARGE as u64);
    let head = test.storage.head(&key).await.unwrap();
    assert_eq!(
        (head.size, head.content_type.as_str()),
        (LARGE as u64, "video/mp4")
    );
    assert!(test.read("large").await == content, "the bytes differ");
    let range = test
        .storage
        .get_range(&key, 77..LARGE as u64 - 1)
        .await
        .unwrap();
    let part = range.bytes(LARGE as u64).await.unwrap();
    assert!(part == content.slice(77..LARGE - 1), "the bytes differ");
}

pub(crate) async fn readers_of_replaced_object_see_no_mixture_file_1(test: TestStorage) {
    let old = noise(LARGE);
    test.put("large", old.clone()).await;
    let object = test.storage.get(&key("large")).await.unwrap();
    let mut body = object.into_body();
    let mut read = Vec::new();
    let mut next = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
    test.put("large", vec![0; LARGE]).await;
    loop {
        match next {
            Some(Ok(frame)) => read.extend(frame.into_data().unwrap()),
            // The old object is gone, and the reader knows it.
            Some(Err(StorageError::Changed(_))) => return,
            Some(Err(error)) => panic!("{error:?}"),
            None => break,
        }
        next = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
    }
    assert!(old == read, "the bytes differ");
}

pub(crate) async fn invalid_media_types_are_rejected_file_1(test: TestStorage) {
    let long = format!("image/{}", "a".repeat(300));
    for text in [
        "",
        "jpeg",
        "image/jpeg\r\nx-a: b",
        " image/jpeg",
        "image/é",
        &long,
    ] {
        let stored = test
            .storage
            .put(&key("a"), "x", &PutOptions::new(text))
            .await;
        assert!(matches!(stored, Err(StorageError::Argument(_))), "{text:?}");
    }
}
