//! Settings documents of the service.

use seaworthy_testkit::deployment::{Deployed, Deployment};

const SERVICE: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_tutoring-payment"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "payment",
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
fn production_rejects_the_fake_provider_conf_3() {
    let deployment = Deployment::new(SERVICE.program.as_ref()).unwrap();
    let refused = deployment
        .rejected_keys("SEC-2", &["provider.kind=fake"])
        .unwrap();
    assert!(refused.contains(&"provider.kind".to_owned()), "{refused:?}");
    let refused = deployment.rejected_keys("SEC-2", &["provider.kind=razorpay"]);
    assert!(!refused.unwrap().contains(&"provider.kind".to_owned()));
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
        "provider.kind=fake",
        "provider.key_id=rzp_test_fake",
        "provider.key_secret=SECRET-key",
        "provider.webhook_secret=SECRET-webhook",
    ]);
}
