//! Tests of the committed deployment files: documented settings, example settings and compose file.

use seaworthy_testkit::deployment::Deployed;

const JOIN: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-join"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "join",
    more: &["server.grpc.addr=127.0.0.1:0"],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    JOIN.documents_its_facts(&["embedded", "jwt.secret=SECRET", "audit_log.key=SECRET"]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    JOIN.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    JOIN.rejects_unsafe_settings();
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    JOIN.is_accepted_by_production();
}

#[test]
fn service_starts_in_production_with_example_settings_conf_3() {
    JOIN.starts_in_production_on_real_servers();
}

#[test]
fn compose_file_sets_only_known_settings_conf_1_ship_2() {
    JOIN.is_configured_by_compose();
}

#[test]
fn waitlist_length_above_the_bound_is_rejected_conf_1() {
    let output = std::process::Command::new(JOIN.program)
        .args(["config", "check", "--set", "waitlist.max_length=1001"])
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{message}");
    assert!(message.contains("waitlist.max_length"), "{message}");
    assert!(message.contains("1000"), "{message}");
}
