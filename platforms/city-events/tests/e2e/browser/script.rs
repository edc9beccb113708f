use std::process::Command;

use seaworthy_testkit::requirement::required;

use crate::app::TestApp;

/// Returns the DOM of a page, three seconds of virtual time after it was loaded.
fn dump_dom(browser: &str, url: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=3000",
        ])
        .arg(format!("--user-data-dir={}", directory.path().display()))
        .arg(url)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_security_policy_allows_the_script_sec_4() {
    let Some(browser) = required("SEAWORTHY_TEST_CHROMIUM") else {
        return;
    };
    let app = TestApp::start().await;
    let host = app.register("host").await;
    let id = host.publish("Seen in a browser", 3).await;
    let address = app.address;
    let dump = |path: String| {
        let (browser, url) = (browser.clone(), format!("http://{address}{path}"));
        tokio::task::spawn_blocking(move || dump_dom(&browser, &url))
    };
    let feed = dump("/".to_owned()).await.unwrap();
    assert!(feed.contains("Seen in a browser"), "{feed}");
    assert!(
        feed.contains("data-session=\"out\""),
        "the script did not set the session: {feed}"
    );
    assert!(
        !feed.contains(" UTC</time>"),
        "the script did not localize the times: {feed}"
    );
    let event = dump(format!("/events/{id}")).await.unwrap();
    assert!(
        event.contains("Sign in to join") && event.contains("of 3 places taken"),
        "{event}"
    );
    let private = dump("/me/joins".to_owned()).await.unwrap();
    assert!(private.contains("Sign in first"), "{private}");
    app.stop().await;
}
