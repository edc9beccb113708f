//! The pages of an import: choose a file, read the report, import, undo (FILE-1).

use super::app::BrowserApp;
use crate::client::PASSWORD;

/// Puts a file into the file field, as a user who selects a file does.
const CHOOSE: &str = "(() => {
    const rows = Array.from({ length: 150 }, (_, number) =>
        `Concert ${number},Music.,Berlin,Music,2036-06-01 18:00,2036-06-01 20:00,no`);
    const text = ['title,description,city,category,start_time,end_time,publish', ...rows,
        '<b>Bad</b>,Music.,Berlin,Music,soon,2036-06-01 20:00,no'].join('\\n');
    const files = new DataTransfer();
    files.items.add(new File([text], 'concerts.csv', { type: 'text/csv' }));
    document.querySelector('input[type=file]').files = files.files;
})()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizer_imports_reads_report_and_undoes_file_1() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let host = app.register("mira");
    app.go(&host, "/me/imports");
    app.wait_for_text(&host, "Check the file");
    app.chrome.evaluate(&host, CHOOSE);
    app.press(&host, "Check the file");
    app.wait_for_text(&host, "150 of 151 events can be imported");
    app.wait_for_text(&host, "Line 152, start_time");
    app.chrome.screenshot(&host, "import-report");
    app.press(&host, "Import the events");
    app.wait_for_text(&host, "Undo the import");
    app.wait_for_text(&host, "150 events imported");
    app.go(&host, "/me/events");
    app.wait_for_text(&host, "Concert");
    app.go(&host, "/me/imports");
    app.press(&host, "concerts.csv");
    app.press(&host, "Undo the import");
    app.press(&host, "Yes");
    app.wait_for_text(&host, "Undone");
    app.go(&host, "/me/events");
    app.wait_for_text(&host, "No events");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizer_imports_without_script_file_1() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    drop(app.register("mira"));
    let host = app.chrome.window();
    app.chrome.disable_scripts(&host);
    app.go_plain(&host, "/me/imports");
    app.press(&host, "Import without JavaScript");
    app.chrome.fill(&host, "email", "mira@example.org");
    app.chrome
        .fill(&host, "password", "not the password of mira");
    app.press(&host, "Sign in");
    app.chrome
        .wait_for(&host, "!!document.querySelector('.alert')");
    app.chrome.fill(&host, "email", "mira@example.org");
    app.chrome.fill(&host, "password", PASSWORD);
    app.press(&host, "Sign in");
    app.wait_for_text(&host, "Check the file");
    app.chrome.evaluate(&host, CHOOSE);
    app.press(&host, "Check the file");
    app.wait_for_text(&host, "150 of 151 events can be imported");
    app.wait_for_text(&host, "Line 152, start_time");
    app.press(&host, "Import the events");
    app.wait_for_text(&host, "150 events imported");
    app.press(&host, "All imports");
    app.press(&host, "concerts.csv");
    app.press(&host, "Undo the import");
    app.wait_for_text(&host, "Undone");
    let script_ran = "document.documentElement.classList.contains('scripted')";
    assert_eq!(app.chrome.evaluate(&host, script_ran), false);
    app.stop().await;
}
