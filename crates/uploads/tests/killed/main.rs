//! A service that is killed at any point of an upload strands no upload and leaves no object over
//! (FILE-1).
#![expect(
    clippy::unwrap_used,
    reason = "the lints know only functions marked as tests"
)]

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_storage::{ListOptions, Storage, StorageConfig};
use seaworthy_testkit::process::{ServiceProcess, example};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const TIMEOUT: Duration = Duration::from_secs(120);
/// Two parts and a rest.
const SIZE: usize = 18 * 1024 * 1024;

/// The files of a service, which outlive its processes.
struct Trial {
    folder: TempDir,
    client: reqwest::Client,
}

/// A process of the service.
struct Running {
    process: ServiceProcess,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Trial {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            client: reqwest::Client::new(),
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn start(&self, has_worker: bool) -> Running {
        let settings = [
            format!("database.url=sqlite:{}", self.file("uploads.db")),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url=sqlite:{}", self.file("broker.db")),
            format!("files.url=file:{}", self.file("files")),
            "uploads.max_size=64MiB".to_owned(),
            "uploads.stranded_after=1s".to_owned(),
            "uploads.process_timeout=1s".to_owned(),
            "uploads.url_ttl=1s".to_owned(),
            "server.http.max_body_size=64MiB".to_owned(),
            "server.http.limits.body.max_size=64MiB".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
            format!("has_worker={has_worker}"),
        ];
        let arguments: Vec<&str> = settings.iter().flat_map(|set| ["--set", set]).collect();
        let mut process =
            ServiceProcess::start(&example("upload_server"), &arguments, &[]).unwrap();
        let (http, admin) = process.addresses().unwrap();
        let ready = format!("http://{http}/readyz");
        let begun = Instant::now();
        loop {
            let asked = self.client.get(&ready).send().await;
            if asked.is_ok_and(|answer| answer.status() == 200) {
                break;
            }
            assert!(begun.elapsed() < TIMEOUT, "the service is not ready");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Running {
            process,
            http,
            admin,
        }
    }

    async fn send(
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

    async fn create(&self, running: &Running) -> String {
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

    async fn offset(&self, running: &Running, path: &str) -> usize {
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
    async fn finish(&self, running: &Running, path: &str) {
        let begun = Instant::now();
        loop {
            let offset = self.offset(running, path).await;
            if offset == SIZE {
                return;
            }
            let rest = content().split_off(offset);
            let headers = stream(offset);
            let sent = self
                .send(running, "PATCH", path, &headers, rest)
                .await
                .unwrap();
            if sent.status() == 204 {
                return;
            }
            // The claim of the killed process has not expired.
            assert!(begun.elapsed() < TIMEOUT, "{sent:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn status(&self, running: &Running, path: &str) -> String {
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
        body.get("status").unwrap().as_str().unwrap().to_owned()
    }

    /// Waits until the upload is ready, and the sweeper has removed everything except its result.
    async fn ends_ready(&self, running: &Running, path: &str) {
        let begun = Instant::now();
        loop {
            self.sweep(running).await;
            let status = self.status(running, path).await;
            if status == "ready" {
                break;
            }
            assert!(begun.elapsed() < TIMEOUT && status != "failed", "{status}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let id = path.rsplit('/').next().unwrap();
        self.age().await;
        let config = StorageConfig {
            url: format!("file:{}", self.file("files")).parse().unwrap(),
            ..StorageConfig::default()
        };
        let files = Storage::open("files", &config).unwrap();
        loop {
            self.sweep(running).await;
            let page = files.list(&ListOptions::new("")).await.unwrap();
            let keys: Vec<_> = page
                .objects
                .iter()
                .map(|object| object.key.to_string())
                .collect();
            let parts = std::fs::read_dir(self.folder.path().join("files/uploads"))
                .unwrap()
                .count();
            if keys == [format!("copies/{id}")] && parts == 0 {
                let object = files.get(&page.objects.first().unwrap().key).await.unwrap();
                assert!(object.bytes(u64::MAX).await.unwrap() == content());
                return;
            }
            assert!(begun.elapsed() < TIMEOUT, "{keys:?}, {parts} parts");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Lets the upload look older than the validity of its URL.
    async fn age(&self) {
        let config = DatabaseConfig::at(
            format!("sqlite:{}", self.file("uploads.db"))
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
    fn begin(&self, running: &Running, path: &str, offset: usize) -> JoinHandle<()> {
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
    fn kill(self) {
        self.process.signal(Signal::KILL).unwrap();
        self.process.ended().unwrap();
    }
}

fn stream(offset: usize) -> [(&'static str, String); 2] {
    let content_type = "application/offset+octet-stream".to_owned();
    [
        ("content-type", content_type),
        ("upload-offset", offset.to_string()),
    ]
}

fn content() -> Vec<u8> {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_survives_kill_after_creation_and_rest_file_1() {
    let trial = Trial::new();
    let running = trial.start(true).await;
    let path = trial.create(&running).await;
    running.kill();
    let running = trial.start(true).await;
    assert_eq!(trial.offset(&running, &path).await, 0);
    // The rest of a request is stored.
    let mut beginning = content();
    beginning.truncate(1_000_000);
    let sent = trial
        .send(&running, "PATCH", &path, &stream(0), beginning)
        .await
        .unwrap();
    assert_eq!(sent.status(), 204);
    running.kill();
    let running = trial.start(true).await;
    assert_eq!(trial.offset(&running, &path).await, 1_000_000);
    trial.finish(&running, &path).await;
    trial.ends_ready(&running, &path).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_survives_kill_while_parts_are_stored_file_1() {
    let trial = Trial::new();
    let running = trial.start(true).await;
    let path = trial.create(&running).await;
    let sending = trial.begin(&running, &path, 0);
    while trial.offset(&running, &path).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.kill();
    sending.await.unwrap();
    let running = trial.start(true).await;
    trial.finish(&running, &path).await;
    trial.ends_ready(&running, &path).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_survives_kills_at_any_time_file_1() {
    let trial = Trial::new();
    let mut running = trial.start(true).await;
    let path = trial.create(&running).await;
    // From the first bytes to the completion and the worker.
    for delay in [5, 40, 90, 160, 260] {
        if trial.offset(&running, &path).await == SIZE {
            break;
        }
        let offset = trial.offset(&running, &path).await;
        let sending = trial.begin(&running, &path, offset);
        tokio::time::sleep(Duration::from_millis(delay)).await;
        running.kill();
        sending.await.unwrap();
        running = trial.start(true).await;
    }
    trial.finish(&running, &path).await;
    trial.ends_ready(&running, &path).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_survives_kill_after_completion_file_1() {
    let trial = Trial::new();
    let running = trial.start(false).await;
    let path = trial.create(&running).await;
    trial.finish(&running, &path).await;
    assert_eq!(trial.status(&running, &path).await, "uploaded");
    running.kill();
    let running = trial.start(true).await;
    trial.ends_ready(&running, &path).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_survives_kill_of_its_worker_file_1() {
    let trial = Trial::new();
    let running = trial.start(true).await;
    let path = trial.create(&running).await;
    trial.finish(&running, &path).await;
    while !["scanning", "processing", "ready"].contains(&&*trial.status(&running, &path).await) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.kill();
    let running = trial.start(true).await;
    trial.ends_ready(&running, &path).await;
}
