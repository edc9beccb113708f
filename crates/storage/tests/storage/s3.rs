//! Faults of a server with the S3 API.

use seaworthy_core::Secret;
use seaworthy_storage::{ListOptions, Storage, StorageError};
use seaworthy_testkit::{requirement::required, versitygw::S3Server};

use crate::fixture::{S3, key, s3_config, text};

fn code(error: &StorageError) -> &str {
    match error {
        StorageError::Response { code, .. } => code,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn wrong_credentials_name_their_setting_file_1() {
    let Some(server) = S3.get() else { return };
    let mut config = s3_config(server.address(), "missing-bucket");
    config.secret_key = Some(Secret::new("wrong".to_owned()));
    let storage = Storage::open("media", &config).unwrap();
    let error = storage.put(&key("a"), "x", &text()).await.unwrap_err();
    assert_eq!(code(&error), "SignatureDoesNotMatch");
    assert!(error.to_string().contains("secret_key"), "{error}");
}

#[tokio::test]
async fn missing_buckets_are_not_missing_objects_file_1() {
    let Some(server) = S3.get() else { return };
    let config = s3_config(server.address(), "missing-bucket");
    let storage = Storage::open("media", &config).unwrap();
    let error = storage.get(&key("a")).await.unwrap_err();
    assert_eq!(code(&error), "NoSuchBucket");
    let error = storage.list(&ListOptions::new("")).await.unwrap_err();
    assert_eq!(code(&error), "NoSuchBucket");
}

#[tokio::test]
async fn missing_credentials_prevent_the_start_file_1() {
    let mut config = s3_config(([127, 0, 0, 1], 9).into(), "media");
    config.secret_key = None;
    let opened = Storage::open("media", &config);
    assert!(
        matches!(opened, Err(StorageError::Settings(_))),
        "{opened:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_fail_while_server_is_down_and_recover_file_1() {
    let Some(program) = required("SEAWORTHY_TEST_VERSITYGW") else {
        return;
    };
    let mut server = S3Server::start(program).unwrap();
    server.bucket("media").unwrap();
    let storage = Storage::open("media", &s3_config(server.address(), "media")).unwrap();
    storage.put(&key("a"), "text", &text()).await.unwrap();
    server.kill();
    let error = storage.head(&key("a")).await.unwrap_err();
    assert!(matches!(error, StorageError::Client(_)), "{error:?}");
    server.restart().unwrap();
    let object = storage.get(&key("a")).await.unwrap();
    assert_eq!(object.bytes(4).await.unwrap(), "text");
}
