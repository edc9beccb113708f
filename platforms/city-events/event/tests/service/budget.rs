//! The cost of requests on PostgreSQL. It does not depend on the speed of the machine.

use seaworthy_testkit::server::cost::{Budget, StatementCounter, assert_budgets};

use crate::app::{draft, start_with, user};

const OPERATIONS: u32 = 50;

const PUBLISH: Budget = Budget {
    operation: "Publish",
    statements: 8,
    rows: 4,
    wal_bytes: 3_032,
    messages: 1,
    message_bytes: 1_004,
};
const VIEW: Budget = Budget::read("View", 1);
const LIST: Budget = Budget::read("List", 1);

#[tokio::test]
async fn publish_view_and_list_stay_within_budget() {
    let Some((database, counter)) = StatementCounter::start() else {
        return;
    };
    // The relay publishes in batches, so its cost is not a cost per operation.
    let app = start_with(database, &["outbox.relay.enabled=false"]).await;
    let owner = user();
    let mut events = Vec::new();
    for number in 0..OPERATIONS {
        let draft = draft(&format!("event {number}"));
        events.push(app.create_draft(&owner, &draft).await);
    }
    counter.reset();
    for event in &events {
        assert_eq!(app.transition("publish", event, &owner).await.0, 200);
    }
    let publish = counter.cost(OPERATIONS);
    counter.reset();
    for event in &events {
        assert_eq!(app.get(&format!("/events/{event}")).await.0, 200);
    }
    let view = counter.cost(OPERATIONS);
    counter.reset();
    for _ in &events {
        assert_eq!(app.get("/events?page_size=20").await.0, 200);
    }
    let list = counter.cost(OPERATIONS);
    assert_budgets(&[(PUBLISH, publish), (VIEW, view), (LIST, list)]);
}
