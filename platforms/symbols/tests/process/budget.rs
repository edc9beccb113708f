//! The cost of requests on PostgreSQL. It does not depend on the speed of the machine.

use std::path::Path;

use seaworthy_testkit::{
    app::TestApp,
    server::cost::{Budget, StatementCounter, assert_budgets},
};

use crate::app::SymbolsApp;

const OPERATIONS: u32 = 50;

const CREATE: Budget = Budget {
    operation: "Create a symbol",
    statements: 5,
    rows: 3,
    wal_bytes: 1_560,
    messages: 1,
    message_bytes: 534,
};
const GET: Budget = Budget::read("Get a symbol", 1);
const LIST: Budget = Budget::read("List symbols", 4);

#[test]
fn get_list_and_create_stay_within_budget() {
    let Some((database, counter)) = StatementCounter::start() else {
        return;
    };
    let app = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_symbols"))).unwrap();
    let app = app
        .setting("server.grpc.addr=127.0.0.1:0")
        .setting("server.http.rate_limit.enabled=false")
        .setting(&format!("database.url={}", database.url()))
        .setting("broker.url=memory:")
        // The relay publishes in batches, so its cost is not a cost per operation.
        .setting("outbox.relay.enabled=false")
        .setting("database.migrate_at_start=true");
    let app = SymbolsApp::start_builder(app, &[]);
    counter.reset();
    let symbols: Vec<_> = (0..OPERATIONS)
        .map(|number| app.create(7, number))
        .collect();
    let create = counter.cost(OPERATIONS);
    counter.reset();
    for symbol in &symbols {
        let answer = app.send("GET", &format!("/v1/symbols/{symbol}"), "");
        assert_eq!(answer.status, 200);
    }
    let get = counter.cost(OPERATIONS);
    counter.reset();
    for _ in &symbols {
        assert_eq!(app.send("GET", "/v1/projects/7/symbols", "").status, 200);
    }
    let list = counter.cost(OPERATIONS);
    assert_budgets(&[(CREATE, create), (GET, get), (LIST, list)]);
}
