//! The compose file, and the settings and facts of a deployment.

use std::path::Path;

use seaworthy_testkit::{
    compose::Compose,
    deployment::{Deployment, assert_compose_is_accepted},
    facts::assert_facts_are_current,
    unsafe_settings::assert_unsafe_settings_are_rejected,
};

const PROGRAMS: [(&str, &str); 2] = [
    ("symbols", env!("CARGO_BIN_EXE_symbols")),
    ("symbols-worker", env!("CARGO_BIN_EXE_symbols-worker")),
];

#[test]
fn compose_file_runs_both_programs_restricted_ship_2() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose.yaml");
    let compose = Compose::read(&file);
    assert_eq!(
        compose.violations(&PROGRAMS.map(|(name, _)| name)),
        Vec::<String>::new()
    );
    for (name, program) in PROGRAMS {
        assert_eq!(compose.services()[name]["build"]["args"]["PROGRAM"], name);
        assert_compose_is_accepted(Path::new(program), &file, name);
    }
}

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, program) in PROGRAMS {
        let file = home.join("deploy/facts").join(format!("{name}.json"));
        let config = home.join("config").join(name);
        assert_facts_are_current(Path::new(program), &config, &["embedded"], &file);
    }
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    for (name, program) in PROGRAMS {
        let config = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("config")
            .join(name);
        let deployment = Deployment::new(Path::new(program)).unwrap();
        assert_unsafe_settings_are_rejected(&deployment.with_config(&config).unwrap());
    }
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    for (name, program) in PROGRAMS {
        let config = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("config")
            .join(name);
        let deployment = Deployment::new(Path::new(program)).unwrap();
        let deployment = deployment.with_config(&config).unwrap();
        let check = ["config", "check", "--profile", "production"];
        let ended = deployment.run(&check, &[]).unwrap();
        assert!(ended.status.success(), "{ended:#?}");
    }
}
