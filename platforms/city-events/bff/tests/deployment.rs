//! What is committed beside the service, for whoever deploys it: its settings, written down, by example and in the compose file of the platform.

use std::path::{Path, PathBuf};

use seaworthy_testkit::deployment::{
    Deployment, assert_compose_is_accepted, assert_production_accepts,
    assert_settings_are_documented, becomes_ready,
};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_city-events-bff"))
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn config() -> PathBuf {
    home().join("../config/bff")
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
fn it_starts_in_production_with_the_example_settings_conf_3() {
    let deployment = Deployment::new(program()).unwrap();
    let deployment = deployment.with_config(&config()).unwrap();
    let arguments = [
        "--profile",
        "production",
        "--set",
        "lifecycle.drain_delay=0s",
    ];
    becomes_ready(&deployment, &arguments).unwrap();
}

#[test]
fn the_variables_of_the_compose_file_are_settings_conf_1_ship_2() {
    assert_compose_is_accepted(program(), &home().join("../compose.yaml"), "bff");
}

#[test]
fn the_program_alone_knows_where_the_others_are_on_a_machine_of_ones_own_conf_1() {
    let deployment = Deployment::new(program()).unwrap();
    let secret = deployment
        .mounted("jwt.secret=file:/run/secrets/jwt")
        .unwrap();
    becomes_ready(&deployment, &["--set", &secret]).unwrap();
}
