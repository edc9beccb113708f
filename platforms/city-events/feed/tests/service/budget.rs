//! The cost of requests on PostgreSQL. It does not depend on the speed of the machine.

use seaworthy_testkit::{
    eventually,
    server::cost::{Budget, StatementCounter, assert_budgets},
};
use serde_json::json;

use crate::app::{TestEvent, start, titles, token};

const OPERATIONS: u32 = 50;
const EVENTS: i64 = 20;

/// Requests for a first page share a ranking, so only its details are read for each of them.
const LISTS: [(&str, Budget); 3] = [
    ("latest", Budget::read("Feed, latest", 1)),
    ("trending", Budget::read("Feed, trending", 1)),
    ("personalized", Budget::read("Feed, personalized", 1)),
];
/// A second statement reads the events that only the interests put on the page.
const WITH_INTERESTS: Budget = Budget::read("Feed, personalized, with interests", 2);
const NEXT_PAGE: Budget = Budget::read("Feed, personalized, next page", 4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feed_and_recommended_stay_within_budget() {
    let Some((database, counter)) = StatementCounter::start() else {
        return;
    };
    let app = start(database).await;
    let mut music = Vec::new();
    for day in 1..=EVENTS {
        let mut event = TestEvent::new(&format!("day {day}"), day);
        if day > EVENTS / 2 {
            event.category = "music".to_owned();
            music.push(event.clone());
        }
        app.publish(&event).await;
    }
    let mut costs = Vec::new();
    let mut measure = |budget, query: &str, bearer: &str| {
        counter.reset();
        for _ in 0..OPERATIONS {
            app.page(query, &[("authorization", bearer)]);
        }
        costs.push((budget, counter.cost(OPERATIONS)));
    };
    let bearer = |user| format!("Bearer {}", token(user));
    let visitor = bearer(seaworthy::core::new_id());
    for (kind, budget) in LISTS {
        measure(budget, &format!("type={kind}&limit=10"), &visitor);
    }
    let fan = bearer(seaworthy::core::new_id());
    let personalized = "type=personalized&limit=10";
    let page = || app.page(personalized, &[("authorization", &fan)]);
    let before = titles(&page());
    for event in music.iter().take(5) {
        let body = json!({ "event_type": "impression", "event_id": event.id }).to_string();
        let headers = [("authorization", fan.as_str())];
        let tracked = app.request("POST", "/api/feed/track", &headers, &body);
        assert_eq!(tracked.status, 202);
    }
    eventually(async || titles(&page()) != before).await;
    measure(WITH_INTERESTS, personalized, &fan);
    let cursor = page()["next_cursor"].as_str().unwrap().replace('=', "%3D");
    let next = format!("{personalized}&cursor={cursor}");
    measure(NEXT_PAGE, &next, &fan);
    assert_budgets(&costs);
}
