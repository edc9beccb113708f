//! Reads on a replica of the database.

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::app::{PASSWORD, Replica, grant_admin, json_of, tokens};

pub(crate) fn operation_log_is_read_from_replicas_data_1(database: &EmptyDatabase) {
    let other = match database.server() {
        Some(_) => EmptyDatabase::postgres(),
        None => EmptyDatabase::sqlite(),
    };
    // A database of its own in place of a copy, so that each read shows who served it.
    let other = other.unwrap();
    Replica::start(&other).register("another_user");

    let replicas = json!([
        { "url": other.url(), "weight": 3 },
        { "url": other.url(), "weight": 1 },
    ]);
    let replicas = format!("data.database.replicas={replicas}");
    let replica = Replica::start_with(database, &[&replicas]);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let entries = |replica: &Replica| {
        let listed = replica.call("GET", "/api/v1/operations", &admin, "");
        assert_eq!(listed.status, 200, "{}", listed.body);
        json_of(&listed)["operations"].as_array().unwrap().len()
    };
    for _ in 0..8 {
        assert_eq!(entries(&replica), 1);
    }
    assert_eq!(entries(&Replica::start(database)), 2);
}
