//! A service with uploads in this process.

use std::{
    io::Read as _,
    net::{SocketAddr, TcpStream},
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::http::request::Parts;
use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_config::{Environment, Loader};
use seaworthy_core::{Actor, ByteSize, Grants, RequestContext, Timeout};
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions, Routes};
use seaworthy_messaging::{
    Event, Message, Messaging, MessagingConfig, Received, Subscription, Topics,
};
use seaworthy_outbox::{Outbox, OutboxConfig};
use seaworthy_service::{Assembly, RunningService, Service};
use seaworthy_storage::{ListOptions, Storage, StorageConfig};
use seaworthy_testkit::{database::EmptyDatabase, eventually, server::free_address};
use seaworthy_uploads::{Upload, UploadStatus, UploadStore, UploadWorker, Uploads, UploadsConfig};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::work::{Behavior, Steps, Work};

pub(crate) const MAX_SIZE: u64 = 40 * 1024 * 1024;
pub(crate) const MAX_OPEN: u32 = 5;
const TUS_REQUEST_HEADERS: &str = "authorization, content-type, tus-resumable, upload-length, upload-offset, upload-metadata, upload-defer-length";
const TUS_RESPONSE_HEADERS: &str = "location, tus-resumable, upload-offset, upload-length";
/// The memory of two uploads in parts, in MiB.
const MAX_BODY_MEMORY: u64 = 20;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TestConfig {
    database: DatabaseConfig,
    broker: MessagingConfig,
}

#[derive(Debug, Serialize, Deserialize)]
struct Uploaded {
    id: Uuid,
}

impl Event for Uploaded {
    const TYPE: &'static str = "test.uploaded";
    const VERSION: u32 = 1;
}

pub(crate) fn sum(content: &[u8]) -> String {
    let sum = content
        .iter()
        .fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte));
    sum.to_string()
}

/// The running service.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) uploads: Uploads,
    pub(crate) worker: UploadWorker,
    pub(crate) files: Storage,
    pub(crate) database: Database,
    pub(crate) work: Arc<Work>,
    pub(crate) client: reqwest::Client,
    _running: RunningService,
    _folder: TempDir,
    _empty: EmptyDatabase,
}

pub(crate) fn uploads_config() -> UploadsConfig {
    UploadsConfig {
        max_size: ByteSize::bytes(MAX_SIZE),
        max_open_per_owner: MAX_OPEN.try_into().unwrap(),
        max_bytes_per_owner: ByteSize::bytes(5 * MAX_SIZE),
        process_timeout: Timeout::from_secs(20),
        ..UploadsConfig::default()
    }
}

pub(crate) async fn start(empty: EmptyDatabase) -> TestApp {
    start_with(empty, Setup::default()).await
}

/// Differences from the usual service.
#[derive(Clone, Default)]
pub(crate) struct Setup {
    pub(crate) more_routes: Routes,
    /// All requests are those of a user, whose quota is large.
    pub(crate) is_authenticated: bool,
}

/// Authenticates every request as the same user.
struct OneUser;

impl Authenticate for OneUser {
    fn authenticate(&self, _: &Parts, _: &Arc<RequestContext>, _: &RouteOptions) -> Authentication {
        Authentication::Authenticated(Identity {
            actor: Actor::new("ada"),
            tenant: None,
            grants: Grants::default(),
            attachment: None,
        })
    }
}

pub(crate) async fn start_with(empty: EmptyDatabase, setup: Setup) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address().unwrap();
    let settings = [
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!(
            "broker.url=sqlite:{}",
            folder.path().join("broker.db").display()
        ),
        "broker.defaults.initial_backoff=10ms".to_owned(),
        "broker.defaults.max_backoff=50ms".to_owned(),
        "broker.defaults.max_retries=1000".to_owned(),
        format!("server.http.addr={address}"),
        "admin.addr=127.0.0.1:0".to_owned(),
        "log.level=error".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        format!("server.max_body_memory={MAX_BODY_MEMORY}MiB"),
        "server.http.limits.body.max_size=64MiB".to_owned(),
        "lifecycle.drain_delay=0s".to_owned(),
        // The lists of docs/uploads.md.
        "server.http.cors.enabled=true".to_owned(),
        "server.http.cors.allowed_origins=*".to_owned(),
        "server.http.cors.allowed_methods=[POST, HEAD, PATCH, DELETE]".to_owned(),
        format!("server.http.cors.allowed_headers=[{TUS_REQUEST_HEADERS}]"),
        format!("server.http.cors.exposed_headers=[{TUS_RESPONSE_HEADERS}]"),
    ];
    let files = StorageConfig {
        url: format!("file:{}", folder.path().join("files").display())
            .parse()
            .unwrap(),
        public_url: Some(format!("http://{address}/signed").parse().unwrap()),
        ..StorageConfig::default()
    };
    let work = Arc::new(Work {
        behavior: Mutex::new(Behavior::Works),
        gate: Semaphore::new(1_000),
        scans: watch::Sender::default(),
        processed: AtomicU32::new(0),
        announced: AtomicU32::new(0),
    });
    let parts = Arc::new(OnceLock::new());
    let (assembled, steps) = (Arc::clone(&parts), Arc::clone(&work));
    let assemble = async move |service: &Assembly<TestConfig>| {
        let settings = service.settings();
        let sets = &[seaworthy_uploads::MIGRATIONS, seaworthy_outbox::MIGRATIONS];
        let database = Database::connect(service, "database", &settings.database, sets).await?;
        let messaging = Messaging::connect(service, "broker", &settings.broker).await?;
        let publisher = messaging
            .publisher(Topics::from_event::<Uploaded>())
            .await?;
        let outbox = OutboxConfig::default();
        let outbox = Outbox::start(service, &database, publisher, &outbox).await?;
        let files = Storage::connect(service, "files", &files)?;
        let mut config = uploads_config();
        let mut access = Access::Public;
        if setup.is_authenticated {
            service.authenticate(OneUser);
            config.max_open_per_owner = NonZeroU32::MAX;
            access = Access::Authenticated;
        }
        let store = UploadStore::new(
            database.clone(),
            files.clone(),
            files.clone(),
            &config,
            service.metrics(),
        );
        let counted = Arc::clone(&steps);
        let uploads = Uploads::start(service, &store, &outbox, move |upload| {
            counted.announced.fetch_add(1, Ordering::SeqCst);
            Message::from_event(&Uploaded { id: upload.id })
        });
        let scanner = Steps(Arc::clone(&steps));
        let worker = UploadWorker::with_scanner(&store, Some(scanner), Steps(Arc::clone(&steps)));
        let (consumer, gate) = (worker.clone(), Arc::clone(&steps));
        let subscription = Subscription::new("workers").on(move |received: Received<Uploaded>| {
            let (worker, gate) = (consumer.clone(), Arc::clone(&gate));
            async move {
                gate.gate.acquire().await.unwrap().forget();
                worker.process(received.event().id).await
            }
        });
        messaging.subscribe(subscription).await?;
        service.http(uploads.routes("/uploads", "test").access(access).build());
        service.http(setup.more_routes.clone());
        let _ = assembled.set((uploads, worker, files, database));
        Ok(())
    };
    let loader = Loader::new("uploads")
        .environment(Environment::default())
        .overrides(settings);
    let running = Service::new("uploads", "1")
        .start(loader, assemble)
        .await
        .unwrap();
    let (uploads, worker, files, database) = parts.get().unwrap().clone();
    TestApp {
        address,
        uploads,
        worker,
        files,
        database,
        work,
        client: reqwest::Client::new(),
        _running: running,
        _folder: folder,
        _empty: empty,
    }
}

/// Waits for a response and returns its first bytes.
pub(crate) fn read_start(mut stream: TcpStream) -> String {
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).unwrap();
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Bytes without a short period.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

impl TestApp {
    /// Sends content to the signed URL of an upload. Returns the status.
    pub(crate) async fn put(&self, upload: &Upload, content: &str) -> u16 {
        let signed = self.uploads.presign(upload).unwrap();
        self.put_to(&signed, content).await
    }

    pub(crate) async fn put_to(
        &self,
        signed: &seaworthy_storage::SignedRequest,
        content: &str,
    ) -> u16 {
        let mut request = self
            .client
            .put(signed.url().as_str())
            .body(content.to_owned());
        for (name, value) in signed.headers() {
            if *name != "content-length" {
                request = request.header(*name, value);
            }
        }
        request.send().await.unwrap().status().as_u16()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn status(&self, id: Uuid) -> UploadStatus {
        self.uploads.store().find(id).await.unwrap().status
    }

    pub(crate) async fn reaches(&self, id: Uuid, status: UploadStatus) -> Upload {
        let mut reached = None;
        eventually(async || {
            let upload = self.uploads.store().find(id).await.unwrap();
            let is_reached = upload.status == status;
            assert!(is_reached || !upload.status.is_final(), "{upload:?}");
            reached = is_reached.then_some(upload);
            is_reached
        })
        .await;
        reached.unwrap()
    }

    /// Lets all uploads look as if nothing had happened to them for a time.
    pub(crate) async fn age(&self, time: Duration) {
        let time = i64::try_from(time.as_micros()).unwrap();
        sql("UPDATE uploads SET changed_us = changed_us - ?, created_us = created_us - ?, claimed_until_us = claimed_until_us - ?")
            .bind(time)
            .bind(time)
            .bind(time)
            .execute(&self.database)
            .await
            .unwrap();
    }

    pub(crate) async fn sweep(&self) {
        while self.uploads.sweep().await.unwrap() {}
    }

    /// Returns the keys of all objects.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let page = self.files.list(&ListOptions::new("")).await.unwrap();
        let objects = page.objects.into_iter();
        objects.map(|object| object.key.to_string()).collect()
    }

    pub(crate) async fn rows(&self) -> i64 {
        let (count,): (i64,) = sql("SELECT COUNT(*) FROM uploads")
            .fetch_one(&self.database)
            .await
            .unwrap();
        count
    }

    /// Whether a request or a worker changes an upload.
    pub(crate) async fn is_claimed(&self, id: Uuid) -> bool {
        let (count,): (i64,) =
            sql("SELECT COUNT(*) FROM uploads WHERE id = ? AND claimed_until_us > {now_us}")
                .bind(id)
                .fetch_one(&self.database)
                .await
                .unwrap();
        count > 0
    }

    /// Stops the workers in front of the next uploads.
    pub(crate) fn stop_workers(&self) {
        self.work.gate.forget_permits(usize::MAX);
    }

    pub(crate) fn start_workers(&self) {
        self.work.gate.add_permits(1_000);
    }
}
