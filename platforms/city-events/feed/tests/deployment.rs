//! What is committed beside the service, for whoever deploys it: its settings, written down, by example and in the compose file of the platform.

use seaworthy_testkit::deployment::Deployed;

const FEED: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-feed"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "feed",
    more: &[],
};

#[test]
fn the_committed_documents_of_the_settings_are_current_conf_6() {
    FEED.documents_its_settings();
}

#[test]
fn production_refuses_rate_limits_that_fail_open_res_6() {
    let example = FEED.in_production().unwrap();
    let refused = |setting: &str| example.refused("RES-6", &[setting]).unwrap();
    let key = "track.redis.on_failure";
    assert_eq!(refused(&format!("{key}=open")), [key]);
    assert_eq!(refused(&format!("{key}=local")), [""; 0]);
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    FEED.is_accepted_by_production();
}

#[test]
fn it_starts_in_production_with_the_example_settings_on_real_servers_conf_3() {
    FEED.starts_in_production_on_real_servers();
}

#[test]
fn the_variables_of_the_compose_file_are_settings_conf_1_ship_2() {
    FEED.is_configured_by_compose();
}
