//! What is committed beside the service, for whoever deploys it: its settings, written down, by example and in the compose file of the platform.

use seaworthy_testkit::deployment::Deployed;

const JOIN: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-join"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "join",
    more: &["server.grpc.addr=127.0.0.1:0"],
};

#[test]
fn the_committed_documents_of_the_settings_are_current_conf_6() {
    JOIN.documents_its_settings();
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    JOIN.is_accepted_by_production();
}

#[test]
fn it_starts_in_production_with_the_example_settings_on_real_servers_conf_3() {
    JOIN.starts_in_production_on_real_servers();
}

#[test]
fn the_variables_of_the_compose_file_are_settings_conf_1_ship_2() {
    JOIN.is_configured_by_compose();
}

#[test]
fn waitlists_beyond_one_promotion_are_refused_conf_1() {
    let output = std::process::Command::new(JOIN.program)
        .args(["config", "check", "--set", "waitlist.longest=1001"])
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{message}");
    assert!(message.contains("waitlist.longest"), "{message}");
    assert!(message.contains("1000"), "{message}");
}
