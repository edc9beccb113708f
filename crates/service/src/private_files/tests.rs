use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use super::*;

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn widen(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn new_folders_and_files_are_private_conf_5() {
    let place = tempfile::tempdir().unwrap();
    let file = open_database(&place.path().join("a/b/new.db")).unwrap();
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(place.path().join("a")), 0o700);
    assert_eq!(mode(place.path().join("a/b")), 0o700);
    let folder = PrivateFolder::open(place.path().join("a")).unwrap();
    assert!(folder.create("secret", b"one").unwrap());
    assert_eq!(mode(place.path().join("a/secret")), 0o600);
}

#[test]
fn wide_modes_of_databases_are_narrowed_conf_5() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    fs::create_dir(&folder).unwrap();
    widen(&folder, 0o755);
    let files = ["x.db", "x.db-wal", "x.db-shm", "x.db-journal"].map(|name| folder.join(name));
    for file in &files {
        fs::write(file, "kept").unwrap();
        widen(file, 0o644);
    }
    open_database(&folder.join("x.db")).unwrap();
    assert_eq!(mode(&folder), 0o700);
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
        assert_eq!(fs::read(file).unwrap(), b"kept");
    }
}

#[test]
fn existing_file_keeps_content_and_is_narrowed_conf_5() {
    let place = tempfile::tempdir().unwrap();
    let folder = PrivateFolder::open(place.path().join("data")).unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "first").unwrap();
    widen(&file, 0o604);
    assert!(!folder.create("secret", b"second").unwrap());
    assert_eq!(fs::read(&file).unwrap(), b"first");
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn refuses_working_directory_unchanged_conf_5() {
    let here = std::env::current_dir().unwrap();
    let before = mode(&here);
    if before & 0o077 == 0 {
        return;
    }
    for path in ["", ".", here.parent().unwrap().to_str().unwrap()] {
        let error = PrivateFolder::open(path).unwrap_err();
        assert!(
            matches!(error, PrivateFileError::Exposed { .. }),
            "{error:?}"
        );
    }
    let error = open_database(Path::new("bare.db")).unwrap_err().to_string();
    assert!(
        error.contains("use a folder of the service's own"),
        "{error}"
    );
    assert_eq!(mode(&here), before);
    assert!(!Path::new("bare.db").exists());
}

#[test]
fn refuses_paths_that_are_not_files_conf_5() {
    let place = tempfile::tempdir().unwrap();
    let folder = PrivateFolder::open(place.path().join("data")).unwrap();
    fs::create_dir(folder.path().join("x.db")).unwrap();
    let error = folder.database("x.db").unwrap_err();
    assert!(
        matches!(error, PrivateFileError::NotAFile { .. }),
        "{error:?}"
    );
}
