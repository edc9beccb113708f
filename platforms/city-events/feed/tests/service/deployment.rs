//! Settings documents, production example, compose file and secrets of the service.

use std::path::Path;

use seaworthy_testkit::{deployment::Deployed, process::ServiceProcess};

const FEED: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-feed"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "feed",
    more: &[],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    FEED.documents_its_facts(&["embedded", "jwt.secret=SECRET", "anonymous.secret=SECRET"]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    FEED.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    FEED.rejects_unsafe_settings();
}

#[test]
fn binary_without_secrets_does_not_start_conf_5() {
    let program = Path::new(FEED.program);
    let ended = ServiceProcess::start(program, &[], &[]).and_then(ServiceProcess::wait_with_output);
    let result = ended
        .as_ref()
        .map(|ended| (ended.status.success(), ended.stderr.contains("jwt.secret")));
    assert!(matches!(result, Ok((false, true))), "{ended:#?}");
}

#[test]
fn production_rejects_rate_limits_that_fail_open_res_6() {
    let example = FEED.in_production().unwrap();
    let rejected = |setting: &str| example.rejected_keys("RES-6", &[setting]).unwrap();
    let key = "tracking.redis.on_failure";
    assert_eq!(rejected(&format!("{key}=open")), [key]);
    assert_eq!(rejected(&format!("{key}=local")), [""; 0]);
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    FEED.is_accepted_by_production();
}

#[test]
fn service_starts_in_production_on_real_servers_conf_3() {
    FEED.starts_in_production_on_real_servers();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    FEED.is_configured_by_compose();
}
