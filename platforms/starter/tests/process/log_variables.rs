//! Variables of the contract for the log.

use std::{fs, path::Path};

use seaworthy_testkit::process::ServiceProcess;

use crate::{
    contract_variables::{PROGRAM, checked, free_address},
    features::wait,
    settings::ENVIRONMENT,
};

#[test]
fn log_of_the_contract_is_also_a_rotated_file_conf_1() {
    assert_rotated("false", "");
    assert_rotated("true", ".gz");
}

/// Fills a log, whose backups have names with this ending.
fn assert_rotated(compress: &str, ending: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs/starter.log");
    let address = free_address();
    let variables = [
        ("LOG_OUTPUT", "file"),
        ("LOG_MAX_SIZE", "1kB"),
        ("LOG_MAX_BACKUPS", "2"),
        ("KRATOS_LOG_ROTATION_COMPRESS", compress),
        ("STARTER__LOG__FILE__PATH", path.to_str().unwrap()),
    ];
    let database = format!(
        "data.database.url=sqlite:{}",
        folder.path().join("a.db").display()
    );
    let settings = [
        "--set",
        &database,
        "--set",
        "data.database.migrate_at_start=true",
        "--set",
        &format!("server.http.addr={address}"),
        "--set",
        "admin.addr=127.0.0.1:0",
    ];
    let variables = [&ENVIRONMENT[..], &variables].concat();
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &settings, &variables).unwrap();
    let backup = |number: u32| path.with_extension(format!("log.{number}{ending}"));
    wait(|| backup(2).is_file());
    assert!(!backup(3).exists());
    let plain = match ending {
        "" => vec![path.clone(), backup(1), backup(2)],
        _ => {
            let is_compressed = |bytes: Vec<u8>| bytes.starts_with(&[0x1f, 0x8b]);
            wait(|| fs::read(backup(2)).is_ok_and(is_compressed));
            vec![path.clone()]
        }
    };
    for path in plain {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.len() <= 1_000 || text.lines().count() == 1,
            "{path:?}: {text}"
        );
    }
    process.signal(rustix::process::Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!(ended.stdout, Vec::<String>::new());
}

#[test]
fn production_rejects_log_files_obs_1() {
    let check = |variables: &[(&str, &str)]| {
        let ended = checked(&[&[("ENVIRONMENT", "production")], variables].concat());
        assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
        ended.stdout.join("\n")
    };
    for output in ["file", "both"] {
        let problems = check(&[("LOG_OUTPUT", output)]);
        for part in [
            "OBS-1   log.output  (env LOG_OUTPUT)",
            "fix: set it to stdout",
        ] {
            assert!(problems.contains(part), "{part}: {problems}");
        }
    }
    // A template may set the sizes of files, which have no effect on stdout.
    let sizes = [
        ("LOG_MAX_SIZE", "100MB"),
        ("LOG_MAX_AGE", "30d"),
        ("LOG_MAX_BACKUPS", "10"),
    ];
    let problems = check(&[&[("LOG_OUTPUT", "stdout")], &sizes[..]].concat());
    assert!(problems.contains("server.http.tls"), "{problems}");
    assert!(!problems.contains("OBS-1"), "{problems}");
}
