use std::{
    env,
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, symlink},
        process::CommandExt as _,
    },
    path::Path,
    process::Command,
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
fn rejects_sticky_folder_unchanged_conf_5() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tmp");
    fs::create_dir(&folder).unwrap();
    widen(&folder, 0o1777);
    let error = open_database(&folder.join("orders.db")).unwrap_err();
    assert!(error.to_string().contains("subfolder"), "{error}");
    assert_eq!(mode(&folder), 0o777);
    assert!(!folder.join("orders.db").exists());
    open_database(&folder.join("orders/orders.db")).unwrap();
    assert_eq!(mode(&folder), 0o777);
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
fn rejects_working_directory_unchanged_conf_5() {
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
fn rejects_paths_that_are_not_files_conf_5() {
    let place = tempfile::tempdir().unwrap();
    let folder = PrivateFolder::open(place.path().join("data")).unwrap();
    fs::create_dir(folder.path().join("x.db")).unwrap();
    let error = folder.database("x.db").unwrap_err();
    assert!(
        matches!(error, PrivateFileError::NotAFile { .. }),
        "{error:?}"
    );
}

/// Names the volume to the process that runs as another user.
const VOLUME: &str = "SEAWORTHY_TEST_VOLUME";
/// The user and group `nobody` of Debian.
const USER: u32 = 65_534;

/// Runs a test of this file as another user in a folder that root owns, as Kubernetes mounts a
/// volume. Only root can do that, so other users skip it.
fn run_in_volume(mode: u32, test: &str, prepare: impl FnOnce(&Path)) {
    let place = tempfile::tempdir().unwrap();
    if fs::metadata(place.path()).unwrap().uid() != 0 {
        return;
    }
    widen(place.path(), 0o755);
    let volume = place.path().join("volume");
    fs::create_dir(&volume).unwrap();
    std::os::unix::fs::chown(&volume, Some(0), Some(USER)).unwrap();
    widen(&volume, mode);
    prepare(&volume);
    let outcome = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("private_files::tests::{test}")])
        .env(VOLUME, &volume)
        .current_dir("/")
        .gid(USER)
        .uid(USER)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&outcome.stdout);
    assert!(
        outcome.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(mode_of_volume(&volume), mode);
}

fn mode_of_volume(volume: &Path) -> u32 {
    fs::metadata(volume).unwrap().permissions().mode() & 0o7777
}

#[test]
fn volume_of_fs_group_gets_private_subfolder_conf_5() {
    let Some(volume) = env::var_os(VOLUME) else {
        for mode in [0o2775, 0o777, 0o1777] {
            run_in_volume(
                mode,
                "volume_of_fs_group_gets_private_subfolder_conf_5",
                |_| {},
            );
        }
        return;
    };
    let volume = Path::new(&volume);
    // The second start finds the subfolder of the first.
    for _ in 0..2 {
        let file = open_database(&volume.join("orders.db")).unwrap();
        assert_eq!(file, volume.join("private/orders.db"));
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(volume.join("private")), 0o700);
    }
}

#[test]
fn file_in_root_of_volume_is_not_hidden_conf_5() {
    let Some(volume) = env::var_os(VOLUME) else {
        run_in_volume(
            0o2775,
            "file_in_root_of_volume_is_not_hidden_conf_5",
            |volume| {
                fs::write(volume.join("orders.db"), "kept").unwrap();
            },
        );
        return;
    };
    let volume = Path::new(&volume);
    let error = open_database(&volume.join("orders.db")).unwrap_err();
    assert!(
        matches!(error, PrivateFileError::Misplaced { .. }),
        "{error:?}"
    );
    assert!(!volume.join("private/orders.db").exists());
}

#[test]
fn subfolder_of_another_user_is_rejected_conf_5() {
    let Some(volume) = env::var_os(VOLUME) else {
        let test = "subfolder_of_another_user_is_rejected_conf_5";
        run_in_volume(0o777, test, |volume| {
            fs::create_dir(volume.join("private")).unwrap();
            widen(volume.join("private"), 0o777);
        });
        run_in_volume(0o777, test, |volume| {
            symlink("/tmp", volume.join("private")).unwrap();
        });
        return;
    };
    let error = PrivateFolder::open(Path::new(&volume)).unwrap_err();
    assert!(
        matches!(error, PrivateFileError::Exposed { .. }),
        "{error:?}"
    );
}
