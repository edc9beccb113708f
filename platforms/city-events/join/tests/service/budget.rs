//! The cost of requests on PostgreSQL. It does not depend on the speed of the machine.

use seaworthy_testkit::server::cost::{Budget, StatementCounter, assert_budgets};

use crate::{app::start_with, user::user};

const OPERATIONS: u32 = 50;

const JOIN: Budget = Budget {
    operation: "Join",
    statements: 6,
    rows: 2,
    wal_bytes: 2_895,
    messages: 1,
    message_bytes: 752,
};
const LEAVE: Budget = Budget {
    operation: "Leave",
    statements: 7,
    rows: 3,
    wal_bytes: 2_967,
    messages: 1,
    message_bytes: 758,
};

#[tokio::test]
async fn join_and_leave_stay_within_budget() {
    let Some((database, counter)) = StatementCounter::start() else {
        return;
    };
    // The relay publishes in batches, so its cost is not a cost per operation.
    let app = start_with(database, &["outbox.relay.enabled=false"]).await;
    let event = app.create_event(1_000).await;
    let users: Vec<_> = (0..OPERATIONS).map(|_| user()).collect();
    counter.reset();
    for user in &users {
        assert_eq!(app.join(&event, user).await.0, 200);
    }
    let join = counter.cost(OPERATIONS);
    counter.reset();
    for user in &users {
        assert_eq!(app.cancel(&event, user).await.0, 200);
    }
    let leave = counter.cost(OPERATIONS);
    assert_budgets(&[(JOIN, join), (LEAVE, leave)]);
    app.stop().await;
}
