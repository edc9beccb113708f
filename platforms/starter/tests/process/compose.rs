//! The platform as its compose file describes it, with the committed settings of Prometheus.

use std::path::Path;

use seaworthy_testkit::requirement::{as_root, has_program, required};

/// The servers and tools that the scripts find by themselves. The validators have a parser for YAML.
const REQUIREMENTS: [&str; 4] = [
    "SEAWORTHY_TEST_POSTGRES",
    "SEAWORTHY_TEST_PROMETHEUS",
    "SEAWORTHY_TEST_REDIS_SERVER",
    "SEAWORTHY_TEST_VALIDATORS",
];

#[test]
fn prometheus_scrapes_the_service_of_the_compose_file_obs_9_ship_2() {
    let mut requirements = REQUIREMENTS.iter();
    if !requirements.all(|variable| required(variable).is_some())
        || !has_program("unshare", "--version")
    {
        return;
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    let Some(mut command) = as_root(&scripts.join("run-compose")) else {
        return;
    };
    let program = Path::new(env!("CARGO_BIN_EXE_starter"));
    let ended = command
        .arg("starter")
        .arg(program.parent().unwrap())
        .arg("--")
        .arg(scripts.join("check-metrics"))
        .arg("starter")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    // The targets are Prometheus itself and the service.
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(text.contains("scrapes all 2 targets"), "{text}");
}
