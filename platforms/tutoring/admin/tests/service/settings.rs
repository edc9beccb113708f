//! Settings documents of the service.

use seaworthy_testkit::deployment::Deployed;

const SERVICE: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_tutoring-admin"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "admin",
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
        "database.url=sqlite:FOLDER/service.db",
        "database.migrate_at_start=true",
        "access_tokens.secret=SECRET",
        "totp.secret=SECRET",
        "audit_log.key=SECRET",
    ]);
}
