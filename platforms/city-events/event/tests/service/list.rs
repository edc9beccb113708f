use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::house::{House, code, draft, user};

fn at(title: &str, start: &str) -> Value {
    let mut body = draft(title);
    body["start_time"] = json!(start);
    body["end_time"] = json!("2036-12-31T00:00:00Z");
    body
}

async fn ids(house: &House, query: &str) -> Vec<String> {
    let (status, page) = house.get(&format!("/events?{query}")).await;
    assert_eq!(status, 200, "{page}");
    let items = page["data"]["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// All pages, cursors sent back as they came, unescaped.
async fn walk(house: &House, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = house.get(&format!("/events?{query}&cursor={cursor}")).await;
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

pub(crate) async fn pages_hold_every_event_once_in_order_api_5(house: House) {
    let owner = user();
    let mut expected = Vec::new();
    for start in [
        "2036-03-03T00:00:00Z",
        "2036-03-01T00:00:00.000001Z",
        "2036-03-01T00:00:00Z",
        "2036-03-01T00:00:00Z",
        "2036-03-02T00:00:00Z",
    ] {
        let id = house.published(&owner, &at("Rust", start)).await;
        expected.push((start.trim_end_matches('Z').to_owned(), id));
    }
    house
        .draft(&owner, &at("Rust", "2036-03-01T00:00:00Z"))
        .await;
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(walk(&house, "page_size=2").await, expected);
    assert_eq!(walk(&house, "page_size=2&q=rust").await, expected);
    let found: BTreeSet<_> = walk(&house, "page_size=2&q=ru&sort=relevance")
        .await
        .into_iter()
        .collect();
    assert_eq!(found, expected.iter().cloned().collect());

    let (_, page) = house.get("/events?limit=1&page=7").await;
    let page = &page["data"];
    assert_eq!(
        page["items"].as_array().unwrap().len(),
        5,
        "limit and page are not looked at"
    );
    assert_eq!(
        (&page["page"], &page["page_size"], &page["total"]),
        (&json!(1), &json!(20), &json!(0))
    );
    let broken = ids(&house, "cursor=%zz").await;
    assert_eq!(
        broken.len(),
        5,
        "a pair with a broken escape is as if it were absent"
    );
}

pub(crate) async fn filters_choose_events(house: House) {
    let owner = user();
    let mut york = at("Rust", "2036-03-05T00:00:00Z");
    york["city"] = json!("New York");
    york["category"] = json!("music");
    let york = house.published(&owner, &york).await;
    let hamburg = house
        .published(&owner, &at("Rust", "2036-03-01T00:00:00Z"))
        .await;
    let mut over = draft("Rust");
    over["start_time"] = json!(chrono::Utc::now() - chrono::TimeDelta::minutes(2));
    over["end_time"] = json!(chrono::Utc::now() + chrono::TimeDelta::milliseconds(300));
    let over = house.published(&owner, &over).await;
    house
        .until(async || !ids(&house, "exclude_expired=true").await.contains(&over))
        .await;
    let both = [hamburg.clone(), york.clone()];
    assert_eq!(ids(&house, "").await, [over, hamburg.clone(), york.clone()]);
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
        assert_eq!(ids(&house, query).await, wanted, "{query}");
    }
}

pub(crate) async fn every_answer_is_of_now_and_of_its_own_query(house: House) {
    let owner = user();
    let mut over = draft("Rust");
    over["start_time"] = json!(chrono::Utc::now() - chrono::TimeDelta::minutes(2));
    over["end_time"] = json!(chrono::Utc::now() + chrono::TimeDelta::milliseconds(300));
    let over = house.published(&owner, &over).await;
    house
        .until(async || ids(&house, "exclude_expired=true").await.is_empty())
        .await;
    for _ in 0..2 {
        assert_eq!(ids(&house, "").await, std::slice::from_ref(&over));
        assert!(ids(&house, "exclude_expired=true").await.is_empty());
    }
    for round in 0..5 {
        let id = house.draft(&owner, &draft("Go")).await;
        let detail = async || house.get(&format!("/events/{id}")).await;
        let is_listed = async || ids(&house, "exclude_expired=true").await.contains(&id);
        assert_eq!((detail().await.0, is_listed().await), (404, false));
        house.act("publish", &id, &owner).await;
        assert_eq!(
            (detail().await.0, is_listed().await),
            (200, true),
            "{round}"
        );
        let path = format!("/events/{id}");
        let title = format!("Go {round}");
        let patch = Some(json!({ "title": title }));
        house.call("PATCH", &path, Some(&owner), patch).await;
        assert_eq!(detail().await.1["data"]["title"], title.as_str());
        let what = if round % 2 == 0 {
            "unpublish"
        } else {
            "cancel"
        };
        house.act(what, &id, &owner).await;
        assert_eq!(
            (detail().await.0, is_listed().await),
            (404, false),
            "{what}"
        );
    }
}

pub(crate) async fn a_query_that_means_nothing_is_refused(house: House) {
    for wrong in [
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
        let refused = house.get(&format!("/events?{wrong}")).await;
        assert_eq!(code(&refused), (400, "validation_error"), "{wrong}");
    }
}

pub(crate) async fn a_search_finds_beginnings_of_words_and_ranks_titles_first(house: House) {
    let owner = user();
    let mut described = at("Evening", "2036-03-01T00:00:00Z");
    described["description"] = json!("All about microservices.");
    let described = house.published(&owner, &described).await;
    let titled = house
        .published(&owner, &at("Microservices at sea", "2036-03-02T00:00:00Z"))
        .await;
    house
        .published(&owner, &at("Gardening", "2036-03-03T00:00:00Z"))
        .await;
    let by_rank = [titled.clone(), described.clone()];
    assert_eq!(ids(&house, "q=microservices&sort=relevance").await, by_rank);
    assert_eq!(ids(&house, "q=MICRO").await, [described, titled.clone()]);
    assert_eq!(ids(&house, "q=sea+micro").await, [titled]);
    assert_eq!(
        ids(&house, "q=services").await,
        Vec::<String>::new(),
        "beginnings alone"
    );
    assert_eq!(
        walk(&house, "q=micro&sort=relevance&page_size=1").await,
        by_rank
    );
}

pub(crate) async fn a_batch_has_what_everybody_may_see_api_5(house: House) {
    let owner = user();
    let seen = house.published(&owner, &draft("Rust")).await;
    let hidden = house.draft(&owner, &draft("Rust")).await;
    let missing = seaworthy::core::new_id().to_string();
    let batch = async |ids: Value| {
        let body = Some(json!({ "event_ids": ids }));
        house.call("POST", "/events/batch", None, body).await
    };
    let (status, found) = batch(json!([seen, hidden, missing, seen])).await;
    assert_eq!(status, 200);
    let found = found["data"].as_object().unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&seen]);
    assert_eq!(found[&seen]["title"], "Rust");
    assert_eq!(batch(json!([])).await.1, json!({ "data": {} }));
    let many: Vec<_> = (0..51).map(|_| seaworthy::core::new_id()).collect();
    for wrong in [json!(many), json!(["7"]), Value::Null] {
        assert_eq!(code(&batch(wrong).await), (400, "validation_error"));
    }
}

pub(crate) async fn cities_are_suggested_and_large_ones_fill_the_list(house: House) {
    let owner = user();
    for city in ["Bergen", "Bergedorf", "Bergen"] {
        let mut body = draft("Rust");
        body["city"] = json!(city);
        house.published(&owner, &body).await;
    }
    let cities = async |query: &str| {
        let (status, found) = house.get(&format!("/meta/cities?q={query}")).await;
        assert_eq!(status, 200);
        found["data"].clone()
    };
    assert_eq!(cities("b").await, json!([]));
    assert_eq!(
        cities("BER").await,
        json!(["Bergen", "Bergedorf", "Berlin"])
    );
    assert_eq!(cities("%25%25").await, json!([]), "wildcards are letters");
}
