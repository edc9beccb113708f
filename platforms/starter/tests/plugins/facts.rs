//! The committed facts. Those of a build with plugins have all alerts of the service.

use std::path::Path;

use seaworthy_testkit::facts::assert_facts_are_current;

use crate::{PROGRAM, folder::SECRETS};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let with = [
        "data.database.url=sqlite:FOLDER/starter.db",
        "data.database.migrate_at_start=true",
    ];
    let with: Vec<&str> = with.into_iter().chain(SECRETS).collect();
    let file = home.join("deploy/facts/starter.json");
    assert_facts_are_current(
        Path::new(PROGRAM),
        &home.join("config/starter"),
        &with,
        &file,
    );
}
