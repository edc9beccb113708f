//! Settings documents of the service.

use seaworthy_testkit::deployment::Deployed;

const SERVICE: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_tutoring-booking"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "booking",
    more: &[],
};

#[test]
fn committed_settings_documents_are_current_conf_6() {
    SERVICE.documents_its_settings();
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    SERVICE.is_accepted_by_production();
}
