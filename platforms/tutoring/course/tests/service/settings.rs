//! Settings documents of the service.

use seaworthy_testkit::deployment::Deployed;

const SERVICE: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_tutoring-course"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "course",
    more: &[],
};

#[test]
fn committed_settings_documents_are_current_conf_6() {
    SERVICE.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    SERVICE.rejects_unsafe_settings();
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    SERVICE.is_accepted_by_production();
}

#[test]
fn compose_file_configures_the_service_ship_2() {
    SERVICE.is_configured_by_compose();
}

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    SERVICE.documents_its_facts(&[
        "embedded",
        "access_tokens.secret=SECRET",
        "service_tokens.secret=SECRET-calls",
        "audit_log.key=SECRET",
    ]);
}
