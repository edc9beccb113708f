//! Settings documents, production example and compose file of the service.

use seaworthy_testkit::deployment::Deployed;

const EVENT: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-event"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "event",
    more: &["server.grpc.addr=127.0.0.1:0"],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    EVENT.documents_its_facts(&["embedded", "jwt.secret=SECRET", "audit_log.key=SECRET"]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    EVENT.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    EVENT.rejects_unsafe_settings();
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    EVENT.is_accepted_by_production();
}

#[test]
fn service_starts_in_production_on_real_servers_conf_3() {
    EVENT.starts_in_production_on_real_servers();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    EVENT.is_configured_by_compose();
}
