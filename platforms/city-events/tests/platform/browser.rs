use std::process::Command;

use seaworthy_testkit::requirement::required;

use crate::house::House;

/// What a browser has made of a page, three seconds of its own time after it was loaded.
fn looked_at(browser: &str, address: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=3000",
        ])
        .arg(format!("--user-data-dir={}", place.path().display()))
        .arg(address)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_runs_the_script_under_the_policy_of_the_page() {
    let Some(browser) = required("SEAWORTHY_TEST_CHROMIUM") else {
        return;
    };
    let house = House::open().await;
    let id = house
        .register("host")
        .await
        .publish("Seen in a browser", 3)
        .await;
    let door = house.address;
    let look = |path: String| {
        let (browser, address) = (browser.clone(), format!("http://{door}{path}"));
        tokio::task::spawn_blocking(move || looked_at(&browser, &address))
    };
    let feed = look("/".to_owned()).await.unwrap();
    assert!(feed.contains("Seen in a browser"), "{feed}");
    assert!(
        feed.contains("data-session=\"out\""),
        "the script ran, and nobody is there: {feed}"
    );
    assert!(
        !feed.contains(" UTC</time>"),
        "moments are in the reader's own words: {feed}"
    );
    let event = look(format!("/events/{id}")).await.unwrap();
    assert!(
        event.contains("Sign in to join") && event.contains("of 3 places taken"),
        "{event}"
    );
    let private = look("/me/joins".to_owned()).await.unwrap();
    assert!(private.contains("Sign in first"), "{private}");
    house.platform.stop().await;
}
