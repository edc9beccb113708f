use serde_json::json;

use crate::app::{TestApp, code, draft, moderator, user};

pub(crate) async fn own_events_are_counted_pages_newest_first(app: TestApp) {
    let owner = user();
    let mut created = Vec::new();
    for title in ["one", "two", "three"] {
        created.push(app.create_draft(&owner, &draft(title)).await);
    }
    app.create_draft(&user(), &draft("other owner")).await;
    app.transition("publish", &created[1], &owner).await;
    app.transition("cancel", &created[0], &owner).await;
    let list = async |query: &str| {
        let path = format!("/organizer/events?{query}");
        let (status, page) = app.call("GET", &path, Some(&owner), None).await;
        assert_eq!(status, 200, "{page}");
        let items = page["data"]["items"].as_array().unwrap();
        let ids: Vec<_> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, page["data"]["total"].as_u64().unwrap())
    };
    let newest_first = vec![created[2].clone(), created[1].clone()];
    assert_eq!(list("").await, (newest_first.clone(), 2));
    assert_eq!(list("page_size=1").await, (newest_first[..1].to_vec(), 2));
    assert_eq!(
        list("page_size=1&page=2").await,
        (newest_first[1..].to_vec(), 2)
    );
    assert_eq!(list("page=9").await, (vec![], 2));
    assert_eq!(list("status=canceled").await, (vec![created[0].clone()], 1));
    assert_eq!(
        list("status=published").await,
        (vec![created[1].clone()], 1)
    );
    let path = "/organizer/events?status=cancelled";
    let rejected = app.call("GET", path, Some(&owner), None).await;
    assert_eq!(code(&rejected), (400, "validation_error"));
    // The list of a moderator also contains only their own events.
    let of_moderator = app
        .call("GET", "/organizer/events", Some(&moderator()), None)
        .await
        .1;
    assert_eq!(of_moderator["data"]["items"], json!([]));
    let anonymous = app.call("GET", "/organizer/events", None, None).await;
    assert_eq!(code(&anonymous), (401, "unauthorized"));
}

pub(crate) async fn own_event_is_visible_in_any_state(app: TestApp) {
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    let path = format!("/organizer/events/{id}");
    for user in [&owner, &moderator()] {
        let response = app.call("GET", &path, Some(user), None).await;
        assert_eq!(
            (response.0, &response.1["data"]["status"]),
            (200, &json!("draft"))
        );
    }
    let rejected = app.call("GET", &path, Some(&user()), None).await;
    assert_eq!(code(&rejected), (403, "forbidden"));
}
