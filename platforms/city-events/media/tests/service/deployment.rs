//! The committed files for operators: documents of the settings, production settings and the
//! compose file.

use seaworthy_testkit::deployment::Deployed;

const MEDIA: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-media"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "media",
    more: &[],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    MEDIA.documents_its_facts(&[
        "embedded",
        "jwt.secret=SECRET",
        "raw.url=file:FOLDER/raw",
        "public.url=file:FOLDER/public",
        "raw.signing_key=SECRET",
    ]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    MEDIA.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    MEDIA.rejects_unsafe_settings();
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    MEDIA.is_accepted_by_production();
}

#[test]
fn service_starts_in_production_on_real_servers_conf_3() {
    MEDIA.starts_in_production_on_real_servers();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    MEDIA.is_configured_by_compose();
}
