use futures::future::join_all;
use serde_json::json;

use crate::house::{House, code, draft, user};

pub(crate) async fn a_patch_changes_what_it_gives(house: House) {
    let owner = user();
    let id = house.draft(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patch = async |body| house.call("PATCH", &path, Some(&owner), Some(body)).await;
    let (status, changed) = patch(json!({ "title": "Go", "capacity": 7, "city": null })).await;
    assert_eq!(status, 200);
    assert_eq!(changed["data"]["title"], "Go");
    assert_eq!(changed["data"]["capacity"], 7);
    assert_eq!(changed["data"]["city"], "Hamburg");
    let (_, covered) = patch(json!({ "cover_image_ids": ["a"] })).await;
    assert_eq!(covered["data"]["cover_image"], "a");
    let (_, bare) = patch(json!({ "cover_image_ids": [] })).await;
    assert!(bare["data"].get("cover_image").is_none());
    for wrong in [
        json!({ "status": "published" }),
        json!({ "title": "" }),
        json!([]),
    ] {
        assert_eq!(code(&patch(wrong).await), (400, "validation_error"));
    }
    let before = patch(json!({ "end_time": "2036-03-01T17:00:00Z" })).await;
    assert_eq!(
        before.1["error"]["message"],
        "end_time must be after start_time"
    );
    house.act("cancel", &id, &owner).await;
    assert_eq!(
        code(&patch(json!({ "title": "x" })).await),
        (409, "invalid_state")
    );
}

pub(crate) async fn a_patch_never_undoes_a_cancellation_data_4(house: House) {
    let owner = user();
    let id = house.published(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patches = (0..20).map(|number| {
        let (house, path, owner) = (&house, &path, &owner);
        async move {
            let body = json!({ "title": format!("Rust {number}") });
            house.call("PATCH", path, Some(owner), Some(body)).await.0
        }
    });
    let (patched, canceled) = futures::join!(join_all(patches), house.act("cancel", &id, &owner));
    assert_eq!(canceled.0, 200);
    assert!(patched.iter().all(|status| [200, 409].contains(status)));
    let path = format!("/organizer/events/{id}");
    let event = house.call("GET", &path, Some(&owner), None).await.1;
    assert_eq!(event["data"]["status"], "canceled");
}
