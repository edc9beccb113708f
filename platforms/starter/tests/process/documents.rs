//! The guard of the API description.

use seaworthy_testkit::database::EmptyDatabase;

use crate::{
    app::{Replica, assert_error},
    features::users,
};

pub(crate) fn description_needs_a_role_of_the_settings_sec_4(database: &EmptyDatabase) {
    let settings = [
        "api_document.roles=[operator,admin]",
        "api_document.allowed_addresses=[\"*\"]",
    ];
    let replica = Replica::start_with(database, &settings);
    let (admin, other) = users(database, &replica);
    for path in ["/q/", "/q/openapi.json"] {
        let anonymous = replica.send("GET", path, "").unwrap();
        assert_error(&anonymous, 401, "TOKEN_MISSING");
        let refused = replica.call("GET", path, &other, "");
        assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
        assert_eq!(replica.call("GET", path, &admin, "").status, 200);
    }
}
