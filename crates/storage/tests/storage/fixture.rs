//! A storage of each engine, and requests to signed URLs.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use seaworthy_core::{ByteSize, Secret, ServiceIdentity, new_id};
use seaworthy_http::{
    HttpConfig, Routes, Stack,
    server::{Listener, ListenerConfig, ServerHandle},
};
use seaworthy_storage::{ObjectKey, PutOptions, SignedRequest, Storage, StorageConfig};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    tracer::TracingConfig,
};
use seaworthy_testkit::{
    http::{self, HttpResponse},
    server::Shared,
    versitygw::S3Server,
};
use tempfile::TempDir;

pub(crate) static S3: Shared<S3Server> = Shared::new("SEAWORTHY_TEST_VERSITYGW", |program| {
    S3Server::start(program)
});

/// The limit of objects: more than four parts of an upload.
pub(crate) const MAX_OBJECT_SIZE: ByteSize = ByteSize::mebibytes(40);

pub(crate) struct TestStorage {
    pub(crate) storage: Storage,
    pub(crate) directory: Option<TempDir>,
    _server: Option<ServerHandle>,
}

pub(crate) fn key(text: &str) -> ObjectKey {
    text.parse().unwrap()
}

pub(crate) fn text() -> PutOptions {
    PutOptions::new("text/plain")
}

/// Bytes without a short period.
pub(crate) fn noise(size: usize) -> Bytes {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

impl TestStorage {
    pub(crate) async fn memory() -> Self {
        Self::local("memory:".to_owned(), None).await
    }

    pub(crate) async fn file() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("file:{}", directory.path().display());
        Self::local(url, Some(directory)).await
    }

    async fn local(url: String, directory: Option<TempDir>) -> Self {
        let config = ListenerConfig {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..ListenerConfig::default()
        };
        let listener = Listener::bind(&config).await.unwrap();
        let public_url = format!("http://{}/files", listener.local_addr());
        let config = StorageConfig {
            url: url.parse().unwrap(),
            max_object_size: MAX_OBJECT_SIZE,
            max_memory: ByteSize::mebibytes(200),
            public_url: Some(public_url.parse().unwrap()),
            ..StorageConfig::default()
        };
        let storage = Storage::open("media", &config).unwrap();
        let stack = stack(storage.routes().unwrap());
        let server = listener.serve_with(move |info| stack.connection(info.peer(), false));
        Self {
            storage,
            directory,
            _server: Some(server),
        }
    }

    /// A new bucket of the server that all tests share.
    pub(crate) fn s3() -> Option<Self> {
        let server = S3.get()?;
        let bucket = new_id().to_string();
        server.bucket(&bucket).unwrap();
        let config = s3_config(server.address(), &bucket);
        Some(Self {
            storage: Storage::open("media", &config).unwrap(),
            directory: None,
            _server: None,
        })
    }

    pub(crate) async fn put(&self, name: &str, content: impl Into<Bytes>) {
        let content = content.into();
        self.storage
            .put(&key(name), content, &text())
            .await
            .unwrap();
    }

    pub(crate) async fn read(&self, name: &str) -> Bytes {
        let object = self.storage.get(&key(name)).await.unwrap();
        object.bytes(MAX_OBJECT_SIZE.get()).await.unwrap()
    }
}

pub(crate) fn s3_config(address: SocketAddr, bucket: &str) -> StorageConfig {
    StorageConfig {
        url: format!("s3+http://{address}/{bucket}").parse().unwrap(),
        access_key: Some(S3Server::ACCESS_KEY.to_owned()),
        secret_key: Some(Secret::new(S3Server::SECRET_KEY.to_owned())),
        max_object_size: MAX_OBJECT_SIZE,
        ..StorageConfig::default()
    }
}

fn stack(routes: Routes) -> Stack {
    let identity = ServiceIdentity::new("test", "1.0.0");
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(MemorySink::default()),
    )
    .unwrap();
    Stack::builder(identity, HttpConfig::default(), &telemetry)
        .build(routes)
        .unwrap()
}

/// Sends a request to a signed URL, with its headers except those that `change` replaces.
pub(crate) async fn send(
    signed: &SignedRequest,
    method: &str,
    change: &[(&'static str, &'static str)],
    body: &str,
) -> HttpResponse {
    let url = signed.url().clone();
    send_to(url.as_str(), signed, method, change, body).await
}

pub(crate) async fn send_to(
    url: &str,
    signed: &SignedRequest,
    method: &str,
    change: &[(&'static str, &'static str)],
    body: &str,
) -> HttpResponse {
    let url: url::Url = url.parse().unwrap();
    let address = url.socket_addrs(|| None).unwrap()[0];
    let path = url[url::Position::BeforePath..].to_owned();
    let mut headers: Vec<(String, String)> = signed
        .headers()
        .iter()
        // The client sets it from the body.
        .filter(|(name, _)| *name != "content-length")
        .filter(|(name, _)| change.iter().all(|(changed, _)| changed != name))
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let changed = change.iter();
    headers.extend(changed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let (method, body) = (method.to_owned(), body.to_owned());
    let sent = tokio::task::spawn_blocking(move || {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        http::request(address, &method, &path, &headers, &body)
    });
    sent.await.unwrap().unwrap()
}
