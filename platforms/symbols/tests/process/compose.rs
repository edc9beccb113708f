//! The compose file.

use std::path::Path;

use seaworthy_testkit::{compose::Compose, deployment::assert_compose_is_accepted};

const PROGRAMS: [(&str, &str); 2] = [
    ("symbols", env!("CARGO_BIN_EXE_symbols")),
    ("symbols-worker", env!("CARGO_BIN_EXE_symbols-worker")),
];

#[test]
fn compose_file_runs_both_programs_restricted_ship_2() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose.yaml");
    let compose = Compose::read(&file);
    assert_eq!(
        compose.breaches(&PROGRAMS.map(|(name, _)| name)),
        Vec::<String>::new()
    );
    for (name, program) in PROGRAMS {
        assert_eq!(compose.services()[name]["build"]["args"]["PROGRAM"], name);
        assert_compose_is_accepted(Path::new(program), &file, name);
    }
}
