//! The page that walks through the main flow, in a browser.

use std::process::Command;

use seaworthy::{config::Profile, service::platform::DataDirectory};
use seaworthy_testkit::{http::get, requirement::required};
use tempfile::TempDir;
use tutoring::{Platform, PlatformOptions};

use crate::app::json_of;

/// The browser waits for responses, and stops after this time of its own clock.
const TIME_BUDGET: &str = "--virtual-time-budget=60000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_walks_through_the_main_flow_api_1() {
    let folder = TempDir::new().unwrap();
    let directory = DataDirectory::open(folder.path().join("data")).unwrap();
    let weak_hashes = ["student-auth.", "trainer-auth.identity.", "admin."].map(|prefix| {
        ["memory_kib=1024", "iterations=1"]
            .map(|setting| format!("{prefix}passwords.parameters.{setting}"))
    });
    let options = PlatformOptions {
        set: weak_hashes.into_iter().flatten().collect(),
        free_ports: true,
        page: true,
        profile: Some(Profile::Development),
    };
    let platform = Platform::start(&directory, &options).await;
    let platform = platform.unwrap_or_else(|error| panic!("{:?}", error.chain()));
    for _ in 0..2 {
        // The second time, all users exist.
        let seeded = platform.seed().await;
        seeded.unwrap_or_else(|error| panic!("{:?}", error.chain()));
    }
    let page = platform.addresses("page").unwrap().http;
    let config = json_of(&get(page, "/config").unwrap());
    assert_eq!(config["trainer"], "applicant@example.org");
    if let Some(chromium) = required("SEAWORTHY_TEST_CHROMIUM") {
        let profile = format!(
            "--user-data-dir={}",
            folder.path().join("browser").display()
        );
        let shown = tokio::task::spawn_blocking(move || {
            Command::new(chromium)
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
                .args([TIME_BUDGET, &profile, &format!("http://{page}/?run")])
                .output()
                .unwrap()
        });
        let shown = shown.await.unwrap();
        let text = String::from_utf8_lossy(&shown.stdout);
        assert!(
            text.contains(r#"<output id="status">done</output>"#),
            "{text}"
        );
    }
    assert!(platform.stop().await.is_empty());
}
