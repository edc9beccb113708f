//! Tests of single local engines.

use std::fs;

use seaworthy_core::{ByteSize, Secret};
use seaworthy_storage::{ListOptions, Storage, StorageConfig, StorageError};

use crate::fixture::{TestStorage, key, text};

#[tokio::test]
async fn objects_and_directories_share_names_file_1() {
    for test in [TestStorage::memory().await, TestStorage::file().await] {
        test.put("a", "file").await;
        test.put("a/b", "below").await;
        test.put("a/b/c", "deeper").await;
        assert_eq!(test.read("a").await, "file");
        assert_eq!(test.read("a/b").await, "below");
        let page = test.storage.list(&ListOptions::new("a")).await.unwrap();
        let keys: Vec<_> = page.objects.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["a", "a/b", "a/b/c"]);
    }
}

#[tokio::test]
async fn damaged_files_are_not_returned_file_1() {
    let test = TestStorage::file().await;
    test.put("a", "content").await;
    let path = test.directory.as_ref().unwrap().path().join("objects/f-a");
    let whole = fs::read(&path).unwrap();
    for size in 0..whole.len() {
        fs::write(&path, &whole[..size]).unwrap();
        let read = test.storage.get(&key("a")).await;
        assert!(
            matches!(read, Err(StorageError::File { .. })),
            "{size}: {read:?}"
        );
    }
}

#[tokio::test]
async fn objects_survive_reopening_file_1() {
    let directory = tempfile::tempdir().unwrap();
    let config = StorageConfig {
        url: format!("file:{}", directory.path().display())
            .parse()
            .unwrap(),
        ..StorageConfig::default()
    };
    let first = Storage::open("media", &config).unwrap();
    first.put(&key("a/b"), "text", &text()).await.unwrap();
    drop(first);
    let second = Storage::open("media", &config).unwrap();
    let object = second.get(&key("a/b")).await.unwrap();
    assert_eq!(object.meta().content_type, "text/plain");
    assert_eq!(object.bytes(4).await.unwrap(), "text");
    second.delete(&key("a/b")).await.unwrap();
    let left = fs::read_dir(directory.path().join("objects")).unwrap();
    assert_eq!(left.count(), 0, "empty directories are left");
}

#[tokio::test]
async fn memory_is_bounded_file_1() {
    let config = StorageConfig {
        max_memory: ByteSize::bytes(10),
        ..StorageConfig::default()
    };
    let storage = Storage::open("media", &config).unwrap();
    storage.put(&key("a"), "12345678", &text()).await.unwrap();
    let full = storage.put(&key("b"), "123", &text()).await;
    assert!(matches!(full, Err(StorageError::Full(_))), "{full:?}");
    storage.put(&key("a"), "1234567890", &text()).await.unwrap();
    storage.delete(&key("a")).await.unwrap();
    let upload = storage.start_multipart(&key("a"), &text()).await.unwrap();
    let part = storage.put_part(&upload, 1, "1234567890").await.unwrap();
    let full = storage.put(&key("b"), "1", &text()).await;
    assert!(matches!(full, Err(StorageError::Full(_))), "{full:?}");
    storage.complete_multipart(&upload, &[part]).await.unwrap();
    storage.delete(&key("a")).await.unwrap();
    storage.put(&key("b"), "1234567890", &text()).await.unwrap();
}

#[tokio::test]
async fn short_signing_keys_are_rejected_file_1() {
    let config = StorageConfig {
        signing_key: Some(Secret::new("short".to_owned())),
        ..StorageConfig::default()
    };
    let opened = Storage::open("media", &config);
    assert!(
        matches!(opened, Err(StorageError::Settings(_))),
        "{opened:?}"
    );
}

#[tokio::test]
async fn other_users_have_no_access_to_files_file_1() {
    use std::os::unix::fs::PermissionsExt as _;

    let test = TestStorage::file().await;
    test.put("a/b", "text").await;
    let upload = test.storage.start_multipart(&key("c"), &text()).await;
    drop(upload.unwrap());
    let mut folders = vec![test.directory.as_ref().unwrap().path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:o} {:?}", mode, entry.path());
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
}
