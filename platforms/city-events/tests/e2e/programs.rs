use std::path::{Path, PathBuf};

use crate::distributed::cluster::SERVICES;

/// Returns the path of a binary: next to the test, or in the folder that
/// `SEAWORTHY_TEST_CITY_EVENTS` names, such as that of a release build.
pub(crate) fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("SEAWORTHY_TEST_CITY_EVENTS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        let test = std::env::current_exe().unwrap();
        test.ancestors().nth(2).map(Path::to_path_buf).unwrap()
    });
    let program = folder.join(name);
    assert!(
        program.is_file(),
        "{} does not exist: build the packages city-events-auth, -event, -join, -feed, -email, -media, -media-worker and -bff first (see docs/city-events/test.md)",
        program.display()
    );
    program
}

#[test]
fn scheduled_workflow_builds_every_program_ship_6() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let workflow = std::fs::read_to_string(root.join(".github/workflows/scheduled.yml")).unwrap();
    let built: Vec<&str> = workflow.split_whitespace().collect();
    let services = SERVICES
        .iter()
        .map(|(name, _)| format!("city-events-{name}"));
    for package in services.chain(["city-events".to_owned()]) {
        let is_built = built
            .array_windows()
            .any(|[option, name]| *option == "-p" && *name == package);
        assert!(is_built, "{package}");
    }
}
