//! The committed files for operators: documents of the settings, production settings and the
//! compose file.

use seaworthy_testkit::deployment::Deployed;

const EMAIL: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-email"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "email",
    more: &[],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    EMAIL.documents_its_facts(&[
        "embedded",
        "internal_secret=SECRET",
        "auth_url=http://127.0.0.1:9",
    ]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    EMAIL.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    EMAIL.rejects_unsafe_settings();
}

#[test]
fn production_rejects_rate_limits_that_fail_open_res_6() {
    let example = EMAIL.in_production().unwrap();
    let refused = |setting: &str| example.rejected_keys("RES-6", &[setting]).unwrap();
    let key = "rate_limit.redis.on_failure";
    assert_eq!(refused(&format!("{key}=open")), [key]);
    assert_eq!(refused(&format!("{key}=local")), [""; 0]);
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    EMAIL.is_accepted_by_production();
}

#[test]
fn service_starts_in_production_on_real_servers_conf_3() {
    EMAIL.starts_in_production_on_real_servers();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    EMAIL.is_configured_by_compose();
}
