//! The facts of a service that are committed with its deployment.

use std::path::Path;

use rand::RngExt as _;
use tempfile::TempDir;

use crate::{document::assert_current, process::ServiceProcess};

/// Settings with which a service starts on embedded stores.
const EMBEDDED: [&str; 3] = [
    "database.url=sqlite:FOLDER/service.db",
    "database.migrate_at_start=true",
    "broker.url=sqlite:FOLDER/broker.db",
];

/// Compares the output of `describe` for the production settings in a folder with a committed file.
/// `with` are further settings of the service that starts, and `embedded` selects a database and a
/// broker in files. In a value, `FOLDER` is an empty folder and `SECRET` a random text.
///
/// # Panics
/// The program fails, or its facts differ from the file.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn assert_facts_are_current(program: &Path, config: &Path, with: &[&str], file: &Path) {
    let described = TempDir::new().and_then(|folder| {
        let secret = format!("{:064x}", rand::rng().random::<u128>());
        let folder_name = folder.path().display().to_string();
        let settings = with.iter().flat_map(|setting| match *setting {
            "embedded" => EMBEDDED.to_vec(),
            other => vec![other],
        });
        let settings: Vec<_> = settings
            .map(|setting| {
                let setting = setting.replace("FOLDER", &folder_name);
                setting.replace("SECRET", &secret)
            })
            .collect();
        let config = config.display().to_string();
        let mut arguments = vec!["describe", "--profile", "production", "--config", &config];
        arguments.extend(settings.iter().flat_map(|setting| ["--with", setting]));
        ServiceProcess::spawn(program, &arguments, &[])?.wait_with_output()
    });
    match described {
        Ok(ended) if ended.status.success() => {
            assert_current(file, &(ended.stdout.join("\n") + "\n"));
        }
        Ok(ended) => panic!("{} has no facts: {ended:#?}", program.display()),
        Err(error) => panic!("{} cannot be described: {error}", program.display()),
    }
}
