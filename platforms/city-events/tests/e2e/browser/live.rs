use super::app::BrowserApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_event_page_shows_joins_of_others() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let host = app.register("mira");
    let ada = app.register("ada");
    let event = app.publish(&host, "Supper", "5");
    let visitor = app.chrome.window();
    app.go(&visitor, &event);
    app.chrome
        .wait_for(&visitor, "document.documentElement.dataset.live === 'open'");
    app.join(&ada, &event, "You're in.");
    app.wait_for_text(&visitor, "1 of 5 seats taken");
    app.stop().await;
}
