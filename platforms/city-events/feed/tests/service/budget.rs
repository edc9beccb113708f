//! The cost of requests on PostgreSQL. It does not depend on the speed of the machine.

use seaworthy_testkit::server::cost::{Budget, StatementCounter, assert_budgets};

use crate::app::{TestEvent, start, token};

const OPERATIONS: u32 = 50;
const EVENTS: i64 = 20;

const LISTS: [(&str, Budget); 3] = [
    ("latest", Budget::read("Feed, latest", 2)),
    ("trending", Budget::read("Feed, trending", 3)),
    ("personalized", Budget::read("Feed, personalized", 4)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feed_and_recommended_stay_within_budget() {
    let Some((database, counter)) = StatementCounter::start() else {
        return;
    };
    let app = start(database).await;
    for day in 1..=EVENTS {
        app.publish(&TestEvent::new(&format!("day {day}"), day))
            .await;
    }
    let bearer = format!("Bearer {}", token(seaworthy::core::new_id()));
    let mut costs = Vec::new();
    for (kind, budget) in LISTS {
        counter.reset();
        for _ in 0..OPERATIONS {
            let headers = [("authorization", bearer.as_str())];
            app.page(&format!("type={kind}&limit=10"), &headers);
        }
        costs.push((budget, counter.cost(OPERATIONS)));
    }
    assert_budgets(&costs);
}
