//! What is committed beside the service, for whoever deploys it: its settings, written down, by example and in the compose file of the platform.

use std::path::{Path, PathBuf};

use seaworthy_testkit::deployment::{
    assert_compose_is_accepted, assert_production_accepts, assert_production_starts,
    assert_settings_are_documented,
};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_city-events-auth"))
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn config() -> PathBuf {
    home().join("../config/auth")
}

#[test]
fn the_committed_documents_of_the_settings_are_current_conf_6() {
    assert_settings_are_documented(program(), home());
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    assert_production_accepts(program(), &config());
}

#[test]
fn it_starts_in_production_with_the_example_settings_on_real_servers_conf_3() {
    assert_production_starts(
        program(),
        &config(),
        "auth",
        &["server.grpc.addr=127.0.0.1:0"],
    );
}

#[test]
fn the_variables_of_the_compose_file_are_settings_conf_1_ship_2() {
    assert_compose_is_accepted(program(), &home().join("../compose.yaml"), "auth");
}
