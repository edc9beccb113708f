use seaworthy_testkit::eventually;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{TestApp, code, draft, user};

fn draft_at(title: &str, start: &str) -> Value {
    let mut body = draft(title);
    body["start_time"] = json!(start);
    body["end_time"] = json!("2036-12-31T00:00:00Z");
    body
}

async fn ids(app: &TestApp, query: &str) -> Vec<String> {
    let (status, page) = app.get(&format!("/events?{query}")).await;
    assert_eq!(status, 200, "{page}");
    let items = page["data"]["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the IDs of all pages. It sends cursors unescaped, as existing clients do.
async fn all_pages(app: &TestApp, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = app.get(&format!("/events?{query}&cursor={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        let items = page["data"]["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page["data"]["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return seen,
        }
    }
}

pub(crate) async fn pages_return_each_event_once_in_order_api_5(app: TestApp) {
    let owner = user();
    let mut expected = Vec::new();
    for start in [
        "2036-03-03T00:00:00Z",
        "2036-03-01T00:00:00.000001Z",
        "2036-03-01T00:00:00Z",
        "2036-03-01T00:00:00Z",
        "2036-03-02T00:00:00Z",
    ] {
        let id = app.create_published(&owner, &draft_at("Rust", start)).await;
        expected.push((start.trim_end_matches('Z').to_owned(), id));
    }
    app.create_draft(&owner, &draft_at("Rust", "2036-03-01T00:00:00Z"))
        .await;
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(all_pages(&app, "page_size=2").await, expected);
    assert_eq!(all_pages(&app, "page_size=2&q=rust").await, expected);
    let found: BTreeSet<_> = all_pages(&app, "page_size=2&q=ru&sort=relevance")
        .await
        .into_iter()
        .collect();
    assert_eq!(found, expected.iter().cloned().collect());

    let (_, page) = app.get("/events?limit=1&page=7").await;
    let page = &page["data"];
    assert_eq!(
        page["items"].as_array().unwrap().len(),
        5,
        "limit and page are ignored"
    );
    assert_eq!(
        (&page["page"], &page["page_size"], &page["total"]),
        (&json!(1), &json!(20), &json!(0))
    );
    let without_cursor = ids(&app, "cursor=%zz").await;
    assert_eq!(
        without_cursor.len(),
        5,
        "a query pair with an invalid escape is ignored"
    );
}

pub(crate) async fn filters_select_events(app: TestApp) {
    let owner = user();
    let mut york = draft_at("Rust", "2036-03-05T00:00:00Z");
    york["city"] = json!("New York");
    york["category"] = json!("music");
    let york = app.create_published(&owner, &york).await;
    let hamburg = app
        .create_published(&owner, &draft_at("Rust", "2036-03-01T00:00:00Z"))
        .await;
    let mut ending = draft("Rust");
    ending["start_time"] = json!(chrono::Utc::now() - chrono::TimeDelta::minutes(2));
    ending["end_time"] = json!(chrono::Utc::now() + chrono::TimeDelta::milliseconds(300));
    let ending = app.create_published(&owner, &ending).await;
    eventually(async || !ids(&app, "exclude_expired=true").await.contains(&ending)).await;
    let both = [hamburg.clone(), york.clone()];
    assert_eq!(ids(&app, "").await, [ending, hamburg.clone(), york.clone()]);
    for (query, wanted) in [
        ("exclude_expired=true", &both[..]),
        ("city=NEW%20yo", &both[1..]),
        ("city=%25ork", &[]),
        ("city=%25_&exclude_expired=1", &both[..]),
        ("category=music", &both[1..]),
        ("category=Music", &[]),
        (
            "from=2036-03-01T00:00:00Z&to=2036-03-01T00:00:00Z",
            &both[..1],
        ),
        ("from=2036-03-02T00:00:00%2B01:00", &both[1..]),
        ("q=%25&exclude_expired=true", &both[..]),
    ] {
        assert_eq!(ids(&app, query).await, wanted, "{query}");
    }
}

pub(crate) async fn answers_are_current_and_match_their_query(app: TestApp) {
    let owner = user();
    let mut ending = draft("Rust");
    ending["start_time"] = json!(chrono::Utc::now() - chrono::TimeDelta::minutes(2));
    ending["end_time"] = json!(chrono::Utc::now() + chrono::TimeDelta::milliseconds(300));
    let ending = app.create_published(&owner, &ending).await;
    eventually(async || ids(&app, "exclude_expired=true").await.is_empty()).await;
    for _ in 0..2 {
        assert_eq!(ids(&app, "").await, std::slice::from_ref(&ending));
        assert!(ids(&app, "exclude_expired=true").await.is_empty());
    }
    for round in 0..5 {
        let id = app.create_draft(&owner, &draft("Go")).await;
        let detail = async || app.get(&format!("/events/{id}")).await;
        let is_listed = async || ids(&app, "exclude_expired=true").await.contains(&id);
        assert_eq!((detail().await.0, is_listed().await), (404, false));
        app.transition("publish", &id, &owner).await;
        assert_eq!(
            (detail().await.0, is_listed().await),
            (200, true),
            "{round}"
        );
        let path = format!("/events/{id}");
        let title = format!("Go {round}");
        let patch = Some(json!({ "title": title }));
        app.call("PATCH", &path, Some(&owner), patch).await;
        assert_eq!(detail().await.1["data"]["title"], title.as_str());
        let action = if round % 2 == 0 {
            "unpublish"
        } else {
            "cancel"
        };
        app.transition(action, &id, &owner).await;
        assert_eq!(
            (detail().await.0, is_listed().await),
            (404, false),
            "{action}"
        );
    }
}

pub(crate) async fn invalid_queries_are_rejected(app: TestApp) {
    for invalid in [
        "sort=start_time",
        "sort=relevance",
        "sort=relevance&q=%25",
        "from=now",
        "from=2036-03-02T00:00:00Z&to=2036-03-01T00:00:00Z",
        "cursor=x",
        "cursor=2036-03-02T00:00:00Z|7",
        "q=a&sort=relevance&cursor=2036-03-02T00:00:00Z|0192d3a8-61f0-7c9b-9a53-5f0a2f1d7c11",
        "exclude_expired=perhaps",
    ] {
        let rejected = app.get(&format!("/events?{invalid}")).await;
        assert_eq!(code(&rejected), (400, "validation_error"), "{invalid}");
    }
}

pub(crate) async fn search_matches_prefixes_and_ranks_titles_first(app: TestApp) {
    let owner = user();
    let mut described = draft_at("Evening", "2036-03-01T00:00:00Z");
    described["description"] = json!("All about microservices.");
    let described = app.create_published(&owner, &described).await;
    let titled = app
        .create_published(
            &owner,
            &draft_at("Microservices at sea", "2036-03-02T00:00:00Z"),
        )
        .await;
    app.create_published(&owner, &draft_at("Gardening", "2036-03-03T00:00:00Z"))
        .await;
    let by_rank = [titled.clone(), described.clone()];
    assert_eq!(ids(&app, "q=microservices&sort=relevance").await, by_rank);
    assert_eq!(ids(&app, "q=MICRO").await, [described, titled.clone()]);
    assert_eq!(ids(&app, "q=sea+micro").await, [titled]);
    assert_eq!(
        ids(&app, "q=services").await,
        Vec::<String>::new(),
        "only prefixes match"
    );
    assert_eq!(
        all_pages(&app, "q=micro&sort=relevance&page_size=1").await,
        by_rank
    );
}

pub(crate) async fn batch_returns_published_events_api_5(app: TestApp) {
    let owner = user();
    let visible = app.create_published(&owner, &draft("Rust")).await;
    let hidden = app.create_draft(&owner, &draft("Rust")).await;
    let missing = seaworthy::core::new_id().to_string();
    let batch = async |ids: Value| {
        let body = Some(json!({ "event_ids": ids }));
        app.call("POST", "/events/batch", None, body).await
    };
    let (status, found) = batch(json!([visible, hidden, missing, visible])).await;
    assert_eq!(status, 200);
    let found = found["data"].as_object().unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&visible]);
    assert_eq!(found[&visible]["title"], "Rust");
    assert_eq!(batch(json!([])).await.1, json!({ "data": {} }));
    let many: Vec<_> = (0..51).map(|_| seaworthy::core::new_id()).collect();
    for invalid in [json!(many), json!(["7"]), Value::Null] {
        assert_eq!(code(&batch(invalid).await), (400, "validation_error"));
    }
}

pub(crate) async fn city_suggestions_are_filled_with_large_cities(app: TestApp) {
    let owner = user();
    for city in ["Bergen", "Bergedorf", "Bergen"] {
        let mut body = draft("Rust");
        body["city"] = json!(city);
        app.create_published(&owner, &body).await;
    }
    let cities = async |query: &str| {
        let (status, found) = app.get(&format!("/meta/cities?q={query}")).await;
        assert_eq!(status, 200);
        found["data"].clone()
    };
    assert_eq!(cities("b").await, json!([]));
    assert_eq!(
        cities("BER").await,
        json!(["Bergen", "Bergedorf", "Berlin"])
    );
    assert_eq!(
        cities("%25%25").await,
        json!([]),
        "wildcards match themselves"
    );
}
