//! The example `upload_server` in a process.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use seaworthy_core::Secret;
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_storage::{ListOptions, ObjectKey, Storage, StorageConfig};
use seaworthy_testkit::{
    eventually,
    process::{ServiceProcess, example},
    requirement::required,
    versitygw::S3Server,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Two parts and a rest.
pub(crate) const SIZE: usize = 18 * 1024 * 1024;
const BUCKET: &str = "media";

/// The files of a service, which outlive its processes.
pub(crate) struct Trial {
    /// The server of the objects. Without it they are in the folder.
    s3: Option<S3Server>,
    folder: TempDir,
    client: reqwest::Client,
}

/// A process of the service.
pub(crate) struct Running {
    process: ServiceProcess,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Trial {
    pub(crate) fn file() -> Self {
        Self::with(None)
    }

    /// Returns `None` if versitygw is not installed.
    pub(crate) fn s3() -> Option<Self> {
        let server = S3Server::start(required("SEAWORTHY_TEST_VERSITYGW")?).unwrap();
        server.bucket(BUCKET).unwrap();
        Some(Self::with(Some(server)))
    }

    fn with(s3: Option<S3Server>) -> Self {
        Self {
            s3,
            folder: tempfile::tempdir().unwrap(),
            client: reqwest::Client::new(),
        }
    }

    /// Returns the settings of the storage.
    fn objects(&self) -> StorageConfig {
        let Some(server) = &self.s3 else {
            return StorageConfig {
                url: format!("file:{}", self.path("files")).parse().unwrap(),
                ..StorageConfig::default()
            };
        };
        StorageConfig {
            url: format!("s3+http://{}/{BUCKET}", server.address())
                .parse()
                .unwrap(),
            access_key: Some(S3Server::ACCESS_KEY.to_owned()),
            secret_key: Some(Secret::new(S3Server::SECRET_KEY.to_owned())),
            ..StorageConfig::default()
        }
    }

    /// Returns the number of files of parts that no object has.
    fn parts(&self) -> usize {
        let folder = match &self.s3 {
            Some(server) => server.bucket_folder(BUCKET).join(".sgwtmp"),
            None => self.folder.path().join("files/uploads"),
        };
        count_files(&folder)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) async fn start(&self, has_worker: bool) -> Running {
        let settings = [
            format!("database.url=sqlite:{}", self.path("uploads.db")),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url=sqlite:{}", self.path("broker.db")),
            format!("files.url={}", self.objects().url),
            "uploads.max_size=64MiB".to_owned(),
            "uploads.stall_timeout=1s".to_owned(),
            "uploads.process_timeout=1s".to_owned(),
            "uploads.url_ttl=1s".to_owned(),
            "server.http.max_body_size=64MiB".to_owned(),
            "server.http.limits.body.max_size=64MiB".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
            format!("has_worker={has_worker}"),
            // The tests poll until a claim expires.
            "server.http.rate_limit.enabled=false".to_owned(),
        ];
        let credentials = [
            format!("files.access_key={}", S3Server::ACCESS_KEY),
            "files.secret_key=env:S3_SECRET_KEY".to_owned(),
        ];
        let credentials = credentials.iter().filter(|_| self.s3.is_some());
        let settings = settings.iter().chain(credentials);
        let arguments: Vec<&str> = settings.flat_map(|set| ["--set", set]).collect();
        let environment = [("S3_SECRET_KEY", S3Server::SECRET_KEY)];
        let program = example("upload_server");
        let mut process = ServiceProcess::start(&program, &arguments, &environment).unwrap();
        let (http, admin) = process.addresses().unwrap();
        let ready = format!("http://{http}/readyz");
        eventually(async || {
            let asked = self.client.get(&ready).send().await;
            asked.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        Running {
            process,
            http,
            admin,
        }
    }

    pub(crate) async fn send(
        &self,
        running: &Running,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let url = format!("http://{}{path}", running.http);
        let mut request = self.client.request(method.parse().unwrap(), url).body(body);
        request = request.header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await
    }

    pub(crate) async fn create(&self, running: &Running) -> String {
        let length = [("upload-length", SIZE.to_string())];
        let created = self
            .send(running, "POST", "/uploads", &length, Vec::new())
            .await
            .unwrap();
        assert_eq!(created.status(), 201);
        created
            .headers()
            .get("location")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn offset(&self, running: &Running, path: &str) -> usize {
        let head = self
            .send(running, "HEAD", path, &[], Vec::new())
            .await
            .unwrap();
        assert_eq!(head.status(), 200);
        head.headers()
            .get("upload-offset")
            .unwrap()
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Sends everything after the offset of the server.
    pub(crate) async fn finish(&self, running: &Running, path: &str) {
        // Until the claim of the killed process has expired, the request is rejected, which may
        // reset the connection while the client sends the body.
        eventually(async || {
            let offset = self.offset(running, path).await;
            let rest = content().split_off(offset);
            let headers = stream(offset);
            let sent = self.send(running, "PATCH", path, &headers, rest).await;
            offset == SIZE || sent.is_ok_and(|answer| answer.status() == 204)
        })
        .await;
    }

    pub(crate) async fn status(&self, running: &Running, path: &str) -> String {
        let id = path.rsplit('/').next().unwrap();
        let url = format!("http://{}/status/{id}", running.http);
        let text = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        let status = body.get("status").and_then(Value::as_str);
        status.ok_or(&text).unwrap().to_owned()
    }

    /// Waits until the upload is ready, and the sweeper has removed everything except its result.
    pub(crate) async fn ends_ready(&self, running: &Running, path: &str) {
        eventually(async || {
            self.sweep(running).await;
            let status = self.status(running, path).await;
            assert_ne!(status, "failed");
            status == "ready"
        })
        .await;
        self.age().await;
        let files = Storage::open("files", &self.objects()).unwrap();
        let id = path.rsplit('/').next().unwrap();
        let copy: ObjectKey = format!("copies/{id}").parse().unwrap();
        eventually(async || {
            self.sweep(running).await;
            let page = files.list(&ListOptions::new("")).await.unwrap();
            let mut keys = page.objects.iter().map(|object| &object.key);
            let is_alone = keys.next() == Some(&copy) && keys.next().is_none();
            is_alone && self.parts() == 0
        })
        .await;
        let object = files.get(&copy).await.unwrap();
        assert!(object.bytes(u64::MAX).await.unwrap() == content());
    }

    /// Lets the upload look older than the validity of its URL.
    async fn age(&self) {
        let config = DatabaseConfig::from_url(
            format!("sqlite:{}", self.path("uploads.db"))
                .parse()
                .unwrap(),
        );
        let database = Database::builder("test", config).open().await.unwrap();
        sql("UPDATE uploads SET changed_us = changed_us - 100000000 WHERE status = 'ready'")
            .execute(&database)
            .await
            .unwrap();
    }

    async fn sweep(&self, running: &Running) {
        let url = format!("http://{}/workers/sweep%20uploads/run", running.admin);
        let request = self.client.post(url).header("x-admin-request", "1");
        let _ = request.send().await.unwrap();
    }

    /// Begins to send everything after an offset in the background.
    pub(crate) fn begin(&self, running: &Running, path: &str, offset: usize) -> JoinHandle<()> {
        let url = format!("http://{}{path}", running.http);
        let mut request = self.client.patch(url).header("tus-resumable", "1.0.0");
        for (name, value) in stream(offset) {
            request = request.header(name, value);
        }
        let request = request.body(content().split_off(offset));
        tokio::spawn(async move {
            let _ = request.send().await;
        })
    }
}

impl Running {
    pub(crate) fn kill(self) {
        self.process.signal(Signal::KILL).unwrap();
        self.process.wait_with_output().unwrap();
    }
}

pub(crate) fn stream(offset: usize) -> [(&'static str, String); 2] {
    let content_type = "application/offset+octet-stream".to_owned();
    [
        ("content-type", content_type),
        ("upload-offset", offset.to_string()),
    ]
}

pub(crate) fn content() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(SIZE + 8);
    while bytes.len() < SIZE {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(SIZE);
    bytes
}

fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let count = |path: PathBuf| match path.is_dir() {
        true => count_files(&path),
        false => 1,
    };
    // Another process may remove the entry meanwhile.
    entries.flatten().map(|entry| count(entry.path())).sum()
}
