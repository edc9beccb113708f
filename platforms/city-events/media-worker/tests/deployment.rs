//! The committed files for operators: documents of the settings, production settings and the
//! compose file.

use seaworthy_testkit::deployment::Deployed;

const MEDIA_WORKER: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-media-worker"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "media-worker",
    more: &[],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    MEDIA_WORKER.documents_its_facts(&[
        "embedded",
        "raw.url=file:FOLDER/raw",
        "public.url=file:FOLDER/public",
        "raw.signing_key=SECRET",
    ]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    MEDIA_WORKER.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    MEDIA_WORKER.rejects_unsafe_settings();
}

#[test]
fn production_needs_scanner_or_allowance_file_1() {
    let example = MEDIA_WORKER.in_production().unwrap();
    let refused = |settings: &[&str]| example.rejected_keys("FILE-1", settings).unwrap();
    let allowance = "clamd.allow_unscanned=true";
    assert_eq!(refused(&[]), [""; 0]);
    assert_eq!(refused(&["clamd.address="]), ["clamd.address"]);
    assert_eq!(refused(&["clamd.address=", allowance]), [""; 0]);
    let check = ["config", "check", "--profile", "production", "--set"];
    let check = [&check[..], &[allowance]].concat();
    let checked = example.run(&check, &[]).unwrap();
    let lines = checked.stdout.iter();
    let mut lines = lines.filter(|line| line.starts_with("allowed: "));
    assert!(
        lines.any(|line| line.contains("clamd.allow_unscanned = true")),
        "{checked:#?}"
    );
}

#[test]
fn production_needs_local_scanner_or_allowance_sec_1() {
    let example = MEDIA_WORKER.in_production().unwrap();
    let refused = |settings: &[&str]| example.rejected_keys("SEC-1", settings).unwrap();
    let required = "clamd.allow_unencrypted=false";
    assert_eq!(refused(&[]), [""; 0]);
    assert_eq!(refused(&[required]), ["clamd.address"]);
    for address in ["127.0.0.1:3310", "unix:/run/clamd.sock"] {
        let local = format!("clamd.address={address}");
        assert_eq!(refused(&[required, &local]), [""; 0]);
    }
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    MEDIA_WORKER.is_accepted_by_production();
}

#[test]
fn service_starts_in_production_on_real_servers_conf_3() {
    MEDIA_WORKER.starts_in_production_on_real_servers();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    MEDIA_WORKER.is_configured_by_compose();
}
