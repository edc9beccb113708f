use futures::future::join_all;
use serde_json::json;

use crate::app::{TestApp, code, draft, user};

pub(crate) async fn patch_changes_given_fields(app: TestApp) {
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patch = async |body| app.call("PATCH", &path, Some(&owner), Some(body)).await;
    let (status, changed) = patch(json!({ "title": "Go", "capacity": 7, "city": null })).await;
    assert_eq!(status, 200);
    assert_eq!(changed["data"]["title"], "Go");
    assert_eq!(changed["data"]["capacity"], 7);
    assert_eq!(changed["data"]["city"], "Hamburg");
    let (_, covered) = patch(json!({ "cover_image_ids": ["a"] })).await;
    assert_eq!(covered["data"]["cover_image"], "a");
    let (_, uncovered) = patch(json!({ "cover_image_ids": [] })).await;
    assert!(uncovered["data"].get("cover_image").is_none());
    for invalid in [
        json!({ "status": "published" }),
        json!({ "title": "" }),
        json!([]),
    ] {
        assert_eq!(code(&patch(invalid).await), (400, "validation_error"));
    }
    let end_before_start = patch(json!({ "end_time": "2036-03-01T17:00:00Z" })).await;
    assert_eq!(
        end_before_start.1["error"]["message"],
        "end_time must be after start_time"
    );
    app.transition("cancel", &id, &owner).await;
    assert_eq!(
        code(&patch(json!({ "title": "x" })).await),
        (409, "invalid_state")
    );
}

pub(crate) async fn patch_never_undoes_cancellation_data_4(app: TestApp) {
    let owner = user();
    let id = app.create_published(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patches = (0..20).map(|number| {
        let (app, path, owner) = (&app, &path, &owner);
        async move {
            let body = json!({ "title": format!("Rust {number}") });
            app.call("PATCH", path, Some(owner), Some(body)).await.0
        }
    });
    let (patched, canceled) =
        futures::join!(join_all(patches), app.transition("cancel", &id, &owner));
    assert_eq!(canceled.0, 200);
    assert!(patched.iter().all(|status| [200, 409].contains(status)));
    let path = format!("/organizer/events/{id}");
    let event = app.call("GET", &path, Some(&owner), None).await.1;
    assert_eq!(event["data"]["status"], "canceled");
}
