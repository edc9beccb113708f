//! The cost of requests on PostgreSQL. It does not depend on the speed of the machine.

use seaworthy::config::Profile;
use seaworthy_testkit::server::cost::{Budget, StatementCounter, assert_budgets};

use crate::app::{PASSWORD, cookie, open_with};

const OPERATIONS: u32 = 50;

const LOGIN: Budget = Budget {
    operation: "Login",
    // One of them looks for a second factor, and one reads the version of the tokens before the
    // check.
    statements: 22,
    rows: 8,
    wal_bytes: 2_628,
    messages: 0,
    message_bytes: 0,
};
const REFRESH: Budget = Budget {
    operation: "Refresh",
    statements: 11,
    rows: 2,
    wal_bytes: 879,
    messages: 0,
    message_bytes: 0,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_and_refresh_stay_within_budget() {
    let Some((database, counter)) = StatementCounter::start() else {
        return;
    };
    // The relay publishes in batches, so its cost is not a cost per operation.
    let settings = ["rate_limit.enabled=false", "outbox.relay.enabled=false"];
    let app = open_with(database, Profile::Development, &settings).await;
    let ada = app.register("ada@example.org");
    counter.reset();
    for _ in 0..OPERATIONS {
        assert_eq!(app.log_in(&ada.email, PASSWORD).status, 200);
    }
    let login = counter.cost(OPERATIONS);
    let mut session = cookie(&app.log_in(&ada.email, PASSWORD));
    counter.reset();
    for _ in 0..OPERATIONS {
        let refreshed = app.with_cookie(&session, "/auth/v1/refresh");
        assert_eq!(refreshed.status, 200, "{}", refreshed.body);
        session = cookie(&refreshed);
    }
    let refresh = counter.cost(OPERATIONS);
    assert_budgets(&[(LOGIN, login), (REFRESH, refresh)]);
}
