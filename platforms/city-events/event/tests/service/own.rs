use serde_json::json;

use crate::house::{House, code, draft, moderator, user};

pub(crate) async fn ones_own_events_are_counted_pages_newest_first(house: House) {
    let owner = user();
    let mut made = Vec::new();
    for title in ["one", "two", "three"] {
        made.push(house.draft(&owner, &draft(title)).await);
    }
    house.draft(&user(), &draft("another's")).await;
    house.act("publish", &made[1], &owner).await;
    house.act("cancel", &made[0], &owner).await;
    let list = async |query: &str| {
        let path = format!("/organizer/events?{query}");
        let (status, page) = house.call("GET", &path, Some(&owner), None).await;
        assert_eq!(status, 200, "{page}");
        let items = page["data"]["items"].as_array().unwrap();
        let ids: Vec<_> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, page["data"]["total"].as_u64().unwrap())
    };
    let newest_first = vec![made[2].clone(), made[1].clone()];
    assert_eq!(list("").await, (newest_first.clone(), 2));
    assert_eq!(list("page_size=1").await, (newest_first[..1].to_vec(), 2));
    assert_eq!(
        list("page_size=1&page=2").await,
        (newest_first[1..].to_vec(), 2)
    );
    assert_eq!(list("page=9").await, (vec![], 2));
    assert_eq!(list("status=canceled").await, (vec![made[0].clone()], 1));
    assert_eq!(list("status=published").await, (vec![made[1].clone()], 1));
    let path = "/organizer/events?status=cancelled";
    let refused = house.call("GET", path, Some(&owner), None).await;
    assert_eq!(code(&refused), (400, "validation_error"));
    // Moderators see their own here, too.
    let moderators = house
        .call("GET", "/organizer/events", Some(&moderator()), None)
        .await
        .1;
    assert_eq!(moderators["data"]["items"], json!([]));
    let nobody = house.call("GET", "/organizer/events", None, None).await;
    assert_eq!(code(&nobody), (401, "unauthorized"));
}

pub(crate) async fn ones_own_event_is_seen_in_any_state(house: House) {
    let owner = user();
    let id = house.draft(&owner, &draft("Rust")).await;
    let path = format!("/organizer/events/{id}");
    for person in [&owner, &moderator()] {
        let seen = house.call("GET", &path, Some(person), None).await;
        assert_eq!((seen.0, &seen.1["data"]["status"]), (200, &json!("draft")));
    }
    let refused = house.call("GET", &path, Some(&user()), None).await;
    assert_eq!(code(&refused), (403, "forbidden"));
}
