use std::{path::PathBuf, process::Command};

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::app::{PASSWORD, Replica, tokens};

/// Returns all bytes of the database.
fn dump(database: &EmptyDatabase) -> Option<String> {
    if let Some(path) = database.url().strip_prefix("sqlite:") {
        let files = ["", "-wal"].map(|suffix| PathBuf::from(format!("{path}{suffix}")));
        let read = files.iter().filter_map(|file| std::fs::read(file).ok());
        return Some(String::from_utf8_lossy(&read.flatten().collect::<Vec<_>>()).into_owned());
    }
    let programs = seaworthy_testkit::requirement::required("SEAWORTHY_TEST_POSTGRES")?;
    let output = Command::new(PathBuf::from(programs).join("pg_dump"))
        .args(["--no-owner", database.url()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(crate) fn dump_of_the_database_shows_no_personal_value_sec_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let body = json!({
        "username": "ada_lovelace",
        "password": PASSWORD,
        "email": "Countess@Example.org",
        "phone": "+44 20 7946 0958",
    });
    let registered = replica.post("/api/v1/auth/register", &body);
    assert_eq!(registered.status, 200, "{}", registered.body);
    for (field, value) in [
        ("email", "countess@example.org"),
        ("phone", "+442079460958"),
    ] {
        let mut other = json!({ "username": "somebody_else", "password": PASSWORD });
        other[field] = value.into();
        let taken = replica.post("/api/v1/auth/register", &other);
        assert_eq!(taken.status, 409, "{}", taken.body);
    }
    let (_, refresh) = tokens(&replica.login("ada_lovelace", PASSWORD));

    let Some(dump) = dump(database) else { return };
    assert!(
        dump.contains("sealed1:"),
        "the dump has the encrypted columns"
    );
    let dump = dump.to_lowercase();
    for value in [
        "ada_lovelace",
        "countess",
        "442079460958",
        "7946",
        PASSWORD,
        &refresh.to_lowercase(),
    ] {
        assert!(!dump.contains(value), "{value}");
    }
    // PostgreSQL writes bytes in hexadecimal.
    let encoded: String = "ada_lovelace"
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(!dump.contains(&encoded));
}
