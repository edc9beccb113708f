use std::{sync::Arc, time::Duration};

use seaworthy_testkit::browser::Browser;

use crate::app::TestApp;

/// The scripts of a page take less, by the clock of the browser.
const BUDGET: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_security_policy_allows_the_script_sec_4() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let browser = Arc::new(browser);
    let app = TestApp::start().await;
    let host = app.register("host").await;
    let id = host.publish("Seen in a browser", 3).await;
    let address = app.address;
    let dump = |path: String| {
        let (browser, url) = (Arc::clone(&browser), format!("http://{address}{path}"));
        tokio::task::spawn_blocking(move || browser.dump(&url, BUDGET).unwrap())
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
        event.contains("Sign in to join") && event.contains("of 3 seats taken"),
        "{event}"
    );
    let private = dump("/me/joins".to_owned()).await.unwrap();
    assert!(private.contains("Sign in first"), "{private}");
    app.stop().await;
}
