//! Imports of events from CSV files, through the gateway (FILE-1).

use serde_json::Value;

use crate::{
    app::TestApp,
    client::{Client, Gateway},
    eventually::eventually,
};

/// Returns a file with this number of drafts, and one bad row.
fn file(events: usize) -> String {
    let rows = (0..events).map(|number| {
        format!("Concert {number},Music.,Berlin,Music,2036-06-01 18:00,2036-06-01 20:00,no\n")
    });
    format!(
        "title,description,city,category,start_time,end_time,publish\n{}Bad,,Berlin,Music,2036-06-01 18:00,2036-06-01 20:00,no\n",
        rows.collect::<String>()
    )
}

/// Sends a file. Returns the status and the body.
async fn send(gateway: &Gateway, user: &Client<'_>, file: String) -> (u16, String) {
    let url = format!("http://{}/api/imports?name=concerts.csv", gateway.address);
    let mut request = reqwest::Client::new().post(url).body(file);
    if let Some(token) = &user.token {
        request = request.bearer_auth(token);
    }
    let request = request.header("content-type", "text/csv");
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn reaches(user: &Client<'_>, id: &str, status: &str) -> Value {
    eventually(async || {
        let import = user.get(&format!("/api/imports/{id}")).await.json();
        match import["status"] == status {
            true => Ok(import),
            false => Err(import.to_string()),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizer_imports_events_and_undoes_it_file_1() {
    let app = TestApp::start().await;
    let organizer = app.register("organizer").await;
    let (status, _) = send(&app, &app.anonymous(), file(1)).await;
    assert_eq!(status, 401);
    let (status, empty) = send(&app, &organizer, String::new()).await;
    assert_eq!(status, 400, "{empty}");
    let (status, created) = send(&app, &organizer, file(120)).await;
    assert_eq!(status, 201, "{created}");
    let created: Value = serde_json::from_str(&created).unwrap();
    let id = created["id"].as_str().unwrap();
    let checked = reaches(&organizer, id, "checked").await;
    assert_eq!(
        (&checked["rows_checked"], &checked["rows_bad"]),
        (&121.into(), &1.into())
    );
    let report = organizer
        .get(&format!("/api/imports/{id}/report.csv"))
        .await;
    assert!(
        report.text.contains("\r\n122,description,(empty),"),
        "{}",
        report.text
    );
    assert_eq!(report.header("content-type"), "text/csv; charset=utf-8");
    let other_user = app.register("other_user").await;
    for path in ["", "/report.csv"] {
        let path = format!("/api/imports/{id}{path}");
        assert_eq!(other_user.get(&path).await.status, 404);
    }
    let invalid = organizer.get("/api/imports/%FF").await;
    assert_eq!(
        (invalid.status, invalid.code().as_str()),
        (400, "validation_failed")
    );
    let confirm = format!("/api/imports/{id}/confirm");
    assert_eq!(other_user.post(&confirm).await.status, 404);

    let confirmed = organizer.post(&confirm).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let done = reaches(&organizer, id, "done").await;
    assert_eq!(done["rows_stored"], 120);
    let total = async || {
        let events = organizer.get("/fragments/me/events").await;
        assert_eq!(events.status, 200);
        events.text.contains("Concert")
    };
    assert!(total().await);
    let fragment = organizer.get(&format!("/fragments/me/imports/{id}")).await;
    assert!(
        fragment.text.contains("120 events imported"),
        "{}",
        fragment.text
    );
    let undo = organizer.post(&format!("/api/imports/{id}/undo")).await;
    assert_eq!(undo.status, 200, "{undo:?}");
    reaches(&organizer, id, "undone").await;
    assert!(!total().await);
    let large = send(&app, &organizer, "x".repeat(1024 * 1024 + 1)).await;
    assert_eq!(large.0, 413);
    app.platform.stop().await;
}
