use std::fs;
use std::path::Path;

use super::{Inventory, SkipReason, walk};
use crate::config::IgnoredPaths;
use crate::repository::Limits;

fn walked(root: &Path, limits: &Limits) -> Inventory {
    walk(root, limits, &IgnoredPaths::default())
}

fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.files.iter().map(|file| &*file.path).collect()
}

fn skipped(inventory: &Inventory) -> Vec<(&str, SkipReason)> {
    inventory
        .skipped
        .iter()
        .map(|skipped| (skipped.path.as_str(), skipped.reason))
        .collect()
}

#[test]
fn ignored_files_are_skipped_and_deepest_gitignore_wins() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::create_dir_all(root.join("made")).unwrap();
    fs::write(root.join(".gitignore"), "\u{feff}*.log\r\n/made/\n[\n").unwrap();
    fs::write(root.join("a/.gitignore"), "!kept.log\n").unwrap();
    for path in ["x.log", "a/kept.log", "a/b/y.log", "a/b/z", "made/w"] {
        fs::write(root.join(path), "text").unwrap();
    }
    // Git does not read the ignore file of another tool.
    fs::write(root.join(".ignore"), "*\n").unwrap();
    let inventory = walked(root, &Limits::default());
    assert_eq!(
        names(&inventory),
        [
            ".gitignore",
            ".ignore",
            "a/.gitignore",
            "a/b/z",
            "a/kept.log"
        ]
    );
}

#[test]
fn utf_16_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let little: Vec<u8> = "\u{feff}FROM a:ü\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = "\u{feff}FROM b\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    fs::write(folder.path().join("a"), &little).unwrap();
    fs::write(folder.path().join("b"), &big).unwrap();
    fs::write(folder.path().join("c"), [0xff, 0xfe, 0, 0, 65, 0, 0, 0]).unwrap();
    fs::write(folder.path().join("d"), [0xff]).unwrap();
    let inventory = walked(folder.path(), &Limits::default());
    let texts: Vec<&str> = inventory.files.iter().map(|file| &*file.text).collect();
    assert_eq!(texts, ["FROM a:ü\n", "FROM b\n", "\u{fffd}"]);
    assert_eq!(skipped(&inventory), [("c", SkipReason::Binary)]);
}

#[test]
fn folders_that_are_too_deep_make_the_walk_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
    fs::write(folder.path().join("a/b/c/Dockerfile"), "FROM x\n").unwrap();
    let limits = Limits {
        max_depth: 2,
        ..Limits::default()
    };
    let inventory = walked(folder.path(), &limits);
    assert!(!inventory.complete);
    assert_eq!(skipped(&inventory), [("a/b", SkipReason::OverBudget)]);
}

#[cfg(target_os = "linux")]
#[test]
fn reports_names_that_are_not_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"\xff");
    fs::write(folder.path().join(name), "text").unwrap();
    let inventory = walked(folder.path(), &Limits::default());
    assert_eq!(skipped(&inventory), [("\u{fffd}", SkipReason::Unnameable)]);
}

#[cfg(unix)]
#[test]
fn reports_unreadable_folders() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let entered = fs::read_dir(&locked).is_ok();
    let inventory = walked(folder.path(), &Limits::default());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    // The superuser can enter every folder, so no folder is skipped.
    let expected: &[(&str, SkipReason)] = if entered {
        &[]
    } else {
        &[("locked", SkipReason::Unreadable)]
    };
    assert_eq!(skipped(&inventory), expected);
}

#[cfg(unix)]
#[test]
fn ignore_patterns_come_from_regular_files_up_to_limit() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("patterns"), "*\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["link", "endless", "long", "pipe"] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("a"), "text").unwrap();
    }
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, root.join(name).join(".gitignore")).unwrap();
    };
    link(&outside.path().join("patterns"), "link");
    link(Path::new("/dev/zero"), "endless");
    fs::write(root.join("long/.gitignore"), "*\n".repeat(100_000)).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(root.join("pipe/.gitignore"))
        .status()
        .unwrap();
    assert!(made.success());
    let inventory = walked(root, &Limits::default());
    assert_eq!(
        names(&inventory),
        ["endless/a", "link/a", "long/.gitignore", "long/a", "pipe/a"]
    );
}
