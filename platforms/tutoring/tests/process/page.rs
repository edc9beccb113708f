//! The page that walks through the main flow, in a browser.

use std::time::Duration;

use seaworthy::{config::Profile, service::platform::DataDirectory};
use seaworthy_testkit::{browser::Browser, http::get};
use tempfile::TempDir;
use tutoring::{Platform, PlatformOptions};

use crate::app::json_of;

/// The browser waits for responses, and stops after this time of its own clock.
const TIME_BUDGET: Duration = Duration::from_secs(60);

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
    if let Some(browser) = Browser::find() {
        let mails = platform.addresses("student-auth").unwrap().http;
        let checked = tokio::task::spawn_blocking(move || {
            let shown = browser.dump(&format!("http://{page}/?run"), TIME_BUDGET);
            let shown = shown.unwrap();
            assert!(
                shown.contains(r#"<output id="status">done</output>"#),
                "{shown}"
            );
            let style = get(page, "/page.css").unwrap().body;
            let link = r#"<link rel="stylesheet" href="page.css">"#;
            assert!(shown.contains(link));
            let shown = shown.replace(link, &format!("<style>{style}</style>"));
            let mailed = json_of(&get(mails, "/mailbox.json").unwrap());
            let mail = format!("/mailbox/{}", mailed[0]["id"]);
            let script = r#"<script src="page.js"></script>"#;
            let pages = [
                shown.replace(script, ""),
                get(mails, "/mailbox").unwrap().body,
                get(mails, &mail).unwrap().body,
            ];
            for page in pages {
                let found = browser.violations(&page).unwrap();
                assert_eq!(found.unwrap_or_default(), [""; 0]);
            }
        });
        checked.await.unwrap();
    }
    assert!(platform.stop().await.is_empty());
}
