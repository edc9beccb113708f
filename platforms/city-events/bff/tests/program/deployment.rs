//! The committed files for operators: documents of the settings, production settings and the
//! compose file.

use std::path::Path;

use seaworthy_testkit::deployment::{Deployed, Deployment, assert_becomes_ready};

const BFF: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-bff"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "bff",
    more: &[],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    BFF.documents_its_facts(&[
        "jwt.secret=SECRET",
        "service_calls.secret=SECRET-calls",
        "grpc_clients.auth.url=http://127.0.0.1:9",
        "grpc_clients.event.url=http://127.0.0.1:9",
        "grpc_clients.join.url=http://127.0.0.1:9",
        "clients.auth.base_url=http://127.0.0.1:9",
        "clients.feed.base_url=http://127.0.0.1:9",
        "clients.media.base_url=http://127.0.0.1:9",
    ]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    BFF.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    BFF.rejects_unsafe_settings();
}

#[test]
fn production_rejects_rate_limits_that_fail_open_res_6() {
    let example = BFF.in_production().unwrap();
    let refused = |setting: &str| example.rejected_keys("RES-6", &[setting]).unwrap();
    let key = "rate_limit.redis.on_failure";
    assert_eq!(refused(&format!("{key}=open")), [key]);
    assert_eq!(refused(&format!("{key}=local")), [""; 0]);
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    BFF.is_accepted_by_production();
}

#[test]
fn production_rejects_plain_and_local_browser_addresses_sec_2() {
    let example = BFF.in_production().unwrap();
    let refused = |settings: &[&str]| example.rejected_keys("SEC-2", settings).unwrap();
    assert_eq!(refused(&[]), [""; 0]);
    for (key, addresses) in [
        (
            "server.http.cors.allowed_origins",
            ["http://localhost:3000", "http://events.example.org"],
        ),
        (
            "pictures_url",
            ["http://cdn.example.org", "https://localhost/p"],
        ),
    ] {
        for address in addresses {
            assert_eq!(refused(&[&format!("{key}={address}")]), [key], "{address}");
        }
    }
}

#[test]
fn service_starts_in_production_with_example_settings_conf_3() {
    BFF.starts_in_production();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    BFF.is_configured_by_compose();
}

#[test]
fn starts_on_one_machine_with_only_secrets_conf_1() {
    let deployment = Deployment::new(Path::new(BFF.program)).unwrap();
    let mounted = |setting| deployment.mount_secrets(setting).unwrap();
    let secret = mounted("jwt.secret=file:/run/secrets/jwt");
    let calls = mounted("service_calls.secret=file:/run/secrets/service-calls");
    assert_becomes_ready(&deployment, &["--set", &secret, "--set", &calls]).unwrap();
}
