//! Stock clients whose connection is cut once in each upload, and a suite of the draft (FILE-1).

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use axum::{
    response::Html,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy_data::sql;
use seaworthy_http::{Access, RouteOptions, Routes};
use seaworthy_testkit::{
    database::EmptyDatabase,
    requirement::{optional, required},
};
use seaworthy_uploads::{Upload, UploadStatus};
use tokio::{process::Command, sync::mpsc};
use uuid::Uuid;

use crate::{
    cutting::CuttingProxy,
    fixture::{Setup, TestApp, start, start_with, sum},
};

const UPLOADS: usize = 30;
/// Longer than all uploads of a browser take.
const TIMEOUT: Duration = Duration::from_secs(120);

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/uploads/clients")
}

/// The content of a file, as in the scripts of the clients.
fn content(number: usize) -> Vec<u8> {
    let size = 200_000 + number * 17_001;
    let byte = |index: usize| (index * 31 + (index >> 8) + number * 7) & 0xff;
    (0..size)
        .map(|index| u8::try_from(byte(index)).unwrap())
        .collect()
}

/// Returns the number in the file name of an upload.
fn number_of(upload: &Upload) -> usize {
    let metadata = upload.metadata.as_deref().unwrap();
    let mut members = metadata.split(',');
    let name = members
        .find_map(|member| member.strip_prefix("filename "))
        .unwrap();
    let name = String::from_utf8(STANDARD.decode(name).unwrap()).unwrap();
    name.strip_prefix("file-").unwrap().parse().unwrap()
}

/// Waits until all uploads are ready, and compares their content.
async fn all_are_ready(app: &TestApp, proxy: &CuttingProxy) {
    assert_eq!(proxy.cuts(), UPLOADS);
    let ids: Vec<(Uuid,)> = sql("SELECT id FROM uploads")
        .fetch_all(&app.database)
        .await
        .unwrap();
    assert_eq!(ids.len(), UPLOADS);
    let mut numbers = Vec::new();
    for (id,) in ids {
        let ready = app.reaches(id, UploadStatus::Ready).await;
        let number = number_of(&ready);
        assert_eq!(
            ready.details.unwrap()["sum"],
            sum(&content(number)),
            "file {number}"
        );
        numbers.push(number);
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..UPLOADS));
}

/// Runs a client that ends after all uploads.
async fn run(mut client: Command) {
    let app = start(EmptyDatabase::sqlite().unwrap()).await;
    let proxy = CuttingProxy::start(app.address).await;
    client.arg(format!("http://{}/uploads", proxy.address));
    client.arg(UPLOADS.to_string()).stderr(Stdio::piped());
    let ended = client.output().await.unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    all_are_ready(&app, &proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tus_js_client_survives_cut_connections_file_1() {
    let Some(modules) = required("SEAWORTHY_TEST_TUS_JAVASCRIPT") else {
        return;
    };
    let mut client = Command::new("node");
    client
        .env("NODE_MODULES", modules)
        .arg(scripts().join("tus.mjs"));
    run(client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tuspy_survives_cut_connections_file_1() {
    let Some(python) = required("SEAWORTHY_TEST_TUS_PYTHON") else {
        return;
    };
    let mut client = Command::new(python);
    client.arg(scripts().join("tus.py"));
    run(client).await;
}

/// The page has an inline script and sends files to another origin.
const POLICY: &str = "script-src 'self' 'unsafe-inline'; connect-src *";

/// The page with Uppy, its script, and the address for its report.
fn page(modules: &str, reports: mpsc::Sender<String>) -> Routes {
    let script = std::fs::read_to_string(Path::new(modules).join("uppy/dist/uppy.min.js")).unwrap();
    let page = std::fs::read_to_string(scripts().join("uppy.html")).unwrap();
    let report = async move |text: String| reports.send(text).await.unwrap();
    let script = async move || ([("content-type", "text/javascript")], script);
    let options = || RouteOptions::new().access(Access::Public);
    let page = async move || ([("content-security-policy", POLICY)], Html(page));
    Routes::new()
        .route_with("/page", get(page), options())
        .route_with("/uppy.js", get(script), options())
        .route_with("/report", post(report), options())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uppy_survives_cut_connections_file_1() {
    let (Some(modules), Some(browser)) = (
        required("SEAWORTHY_TEST_TUS_JAVASCRIPT"),
        required("SEAWORTHY_TEST_CHROMIUM"),
    ) else {
        return;
    };
    let (sender, mut reports) = mpsc::channel(1);
    let setup = Setup {
        more_routes: page(&modules, sender),
        ..Setup::default()
    };
    let app = start_with(EmptyDatabase::sqlite().unwrap(), setup).await;
    let proxy = CuttingProxy::start(app.address).await;
    let home = tempfile::tempdir().unwrap();
    let _browser = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .arg(format!("--user-data-dir={}", home.path().display()))
        .arg(app.url(&format!(
            "/page?count={UPLOADS}&endpoint=http://{}/uploads",
            proxy.address
        )))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let report = tokio::time::timeout(TIMEOUT, reports.recv()).await.unwrap();
    assert_eq!(report.unwrap(), format!("{UPLOADS} complete, 0 failed: "));
    all_are_ready(&app, &proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_passes_the_conformity_suite_file_1() {
    // Optional in CI too: no registry has it.
    let Some(suite) = optional("SEAWORTHY_TEST_RUFH") else {
        return;
    };
    let setup = Setup {
        is_authenticated: true,
        ..Setup::default()
    };
    let app = start_with(EmptyDatabase::sqlite().unwrap(), setup).await;
    let mut pytest = Command::new(Path::new(&suite).join("bin/pytest"));
    pytest.args(["-q", "-p", "no:cacheprovider", "-rs"]);
    pytest.arg(Path::new(&suite).join("rufh_conformity_test.py"));
    pytest.env("RUFH_URL", app.url("/uploads"));
    let ended = pytest.output().await.unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{output}");
}
