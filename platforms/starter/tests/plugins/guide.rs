//! The page `docs/plugins.md`.

use std::{env, fs, path::Path, process::Command};

use seaworthy_testkit::external_package::Block;
use serde_json::Value;

use crate::PROGRAM;

const PAGE: &str = include_str!("../../../../docs/plugins.md");

#[test]
fn first_plugin_of_the_page_runs_as_described_plug_1() {
    let home = tempfile::tempdir().unwrap();
    let section = PAGE.split("\n## ").find(|part| part.starts_with("Write "));
    let mut printed = String::new();
    let mut compared = 0;
    for block in Block::all(section.unwrap()) {
        match (block.file(), block.language) {
            (Some((file, content)), _) => {
                let file = home.path().join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
            (None, "sh") => printed = shell(home.path(), block.text),
            (None, _) => {
                let json = |text| serde_json::from_str::<Value>(text).unwrap();
                assert_eq!(json(&printed), json(block.text));
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 1);
    let key = fs::read_to_string(home.path().join("signing.pub")).unwrap();
    assert_eq!(key.trim().len(), 44);
}

/// Runs the commands of a block.
fn shell(home: &Path, commands: &str) -> String {
    let programs = Path::new(PROGRAM).parent().unwrap();
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let run = Command::new("bash")
        .args(["-euc", commands])
        .current_dir(home)
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(run.status.success(), "{commands}: {run:?}");
    String::from_utf8(run.stdout).unwrap()
}
