//! The example `import_server` in a process.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_testkit::process::{ServiceProcess, example};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const TIMEOUT: Duration = Duration::from_secs(120);

/// The files of a service, which outlive its processes.
pub(crate) struct Trial {
    folder: TempDir,
    client: reqwest::Client,
}

fn client(address: [u8; 4]) -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .local_address(IpAddr::from(address))
        .build()
        .unwrap()
}

/// A process of the service.
pub(crate) struct Running {
    process: ServiceProcess,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Running {
    pub(crate) fn kill(self) {
        self.process.signal(Signal::KILL).unwrap();
        self.process.wait_with_output().unwrap();
    }
}

impl Trial {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            client: client([127, 0, 0, 1]),
        }
    }

    /// Returns a client at another address of this machine.
    pub(crate) fn at_address(address: [u8; 4]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            client: client(address),
        }
    }

    pub(crate) async fn status(&self, running: &Running, method: &str, path: &str) -> u16 {
        let method = method.parse().unwrap();
        let request = self.client.request(method, Self::url(running, path));
        request.send().await.unwrap().status().as_u16()
    }

    /// Sends the beginning of a form whose first header does not end. Returns the response.
    pub(crate) async fn begin_form(&self, running: &Running, size: usize) -> String {
        let mut stream = TcpStream::connect(running.http).await.unwrap();
        let head = "POST /imports HTTP/1.1\r\nhost: test\r\ncontent-length: 50000000\r\ncontent-type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; x=";
        stream.write_all(head.as_bytes()).await.unwrap();
        // The service may close the connection after its response.
        let _ = stream.write_all(&vec![b'y'; size]).await;
        let mut answer = vec![0; 1024];
        let read = tokio::time::timeout(TIMEOUT, stream.read(&mut answer)).await;
        let length = read.unwrap().unwrap_or_default();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    pub(crate) async fn start(&self) -> Running {
        let file = self.folder.path().join("members.db");
        let settings = [
            format!("database.url=sqlite:{}", file.display()),
            "database.migrate_at_start=true".to_owned(),
            "database.statement_timeout=60s".to_owned(),
            "database.transaction_timeout=60s".to_owned(),
            "imports.batch_size=100".to_owned(),
            "imports.claim_ttl=1s".to_owned(),
            "server.http.rate_limit.enabled=false".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
        ];
        let arguments: Vec<&str> = settings.iter().flat_map(|set| ["--set", set]).collect();
        let program = example("import_server");
        let mut process = ServiceProcess::start(&program, &arguments, &[]).unwrap();
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

    /// Pauses the worker before it continues an import: its claim lasts one second.
    pub(crate) async fn start_without_workers(&self) -> Running {
        let running = self.start().await;
        let url = format!("http://{}/workers/import%20members/pause", running.admin);
        let request = self.client.post(url).header("x-admin-request", "1");
        assert!(request.send().await.unwrap().status().is_success());
        running
    }

    fn url(running: &Running, path: &str) -> String {
        format!("http://{}{path}", running.http)
    }

    pub(crate) async fn create(&self, running: &Running, query: &str, text: &str) -> String {
        let url = Self::url(running, &format!("/imports{query}"));
        let request = self.client.post(url).header("content-type", "text/csv");
        let created = request.body(text.to_owned()).send().await.unwrap();
        assert_eq!(created.status(), 201);
        let created: Value = serde_json::from_str(&created.text().await.unwrap()).unwrap();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Sends a form as a browser without a script does. Returns the ID of the import.
    pub(crate) async fn send_form(&self, running: &Running, text: &str) -> String {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"dry_run\"\r\n\r\non\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"members.csv\"\r\nContent-Type: application/octet-stream\r\n\r\n{text}\r\n--x--\r\n"
        );
        let request = self
            .client
            .post(Self::url(running, "/imports"))
            .header("content-type", "multipart/form-data; boundary=x")
            .header("accept", "text/html,application/xhtml+xml")
            .body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303, "{:?}", answer.text().await);
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        location.strip_prefix("/imports/").unwrap().to_owned()
    }

    async fn get(&self, running: &Running, path: &str) -> String {
        let answer = self.client.get(Self::url(running, path)).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    pub(crate) async fn find(&self, running: &Running, id: &str) -> Value {
        let found = self.get(running, &format!("/imports/{id}")).await;
        serde_json::from_str(&found).unwrap()
    }

    pub(crate) async fn report(&self, running: &Running, id: &str) -> String {
        self.get(running, &format!("/imports/{id}/report.csv"))
            .await
    }

    pub(crate) async fn post(&self, running: &Running, id: &str, action: &str) {
        let url = Self::url(running, &format!("/imports/{id}/{action}"));
        let answer = self.client.post(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    pub(crate) async fn members(&self, running: &Running) -> usize {
        let count: Vec<usize> = serde_json::from_str(&self.get(running, "/members").await).unwrap();
        count[0]
    }

    pub(crate) async fn reaches(&self, running: &Running, id: &str, status: &str) -> Value {
        self.until(running, id, |import| import["status"] == status)
            .await
    }

    /// Waits until more rows are stored. Returns their number.
    pub(crate) async fn stores_more(&self, running: &Running, id: &str, rows: usize) -> usize {
        let rows = rows as u64;
        let import = self
            .until(running, id, |import| {
                import["rows_stored"].as_u64().unwrap() > rows
            })
            .await;
        usize::try_from(import["rows_stored"].as_u64().unwrap()).unwrap()
    }

    async fn until(&self, running: &Running, id: &str, is_met: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let import = self.find(running, id).await;
            if is_met(&import) {
                return import;
            }
            assert!(
                begun.elapsed() < TIMEOUT && import["status"] != "failed",
                "{import}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Confirms an import and reads its events until a status.
    pub(crate) async fn follow(&self, running: &Running, id: &str, status: &str) -> String {
        let url = Self::url(running, &format!("/imports/{id}/live"));
        let mut answer = self.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        self.post(running, id, "confirm").await;
        let mut text = String::new();
        let end = format!("\"status\":\"{status}\"");
        let read = async {
            while !text.contains(&end) {
                let bytes = answer.chunk().await.unwrap().unwrap();
                text += &String::from_utf8_lossy(&bytes);
            }
        };
        tokio::time::timeout(TIMEOUT, read).await.unwrap();
        text
    }
}
