//! A dump of the database has no personal value and no secret, and the search finds planted ones.

use std::{path::PathBuf, process::Command};

use data_encoding::{BASE64, HEXLOWER};
use seaworthy::data::{self, Database, DatabaseConfig, sql};
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, grant_admin, json_of, tokens},
    captcha::mailed,
    logs::code,
};

const NAME: &str = "ada_lovelace";
const EMAIL: &str = "countess@example.org";
const PHONE: &str = "+442079460958";
/// Parts of the values above, which a shortened or changed form would show.
const PARTS: [&str; 3] = ["countess", "2079460958", "7946 0958"];

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

/// Returns the values that a dump contains as text, in hexadecimal or in base64.
fn leaks<'a>(dump: &str, values: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = dump.to_lowercase();
    let is_leaked = |value: &&str| {
        // The last letters of base64 depend on the bytes that follow.
        let base64 = BASE64.encode(&value.as_bytes()[..value.len() / 3 * 3]);
        lower.contains(&value.to_lowercase())
            || lower.contains(&HEXLOWER.encode(value.as_bytes()))
            || dump.contains(&base64)
    };
    values.into_iter().filter(is_leaked).collect()
}

/// Uses all parts of the service that store something of a user, on two replicas. Returns the
/// secrets that the service issued.
fn use_accounts(
    database: &EmptyDatabase,
    replica: &Replica,
    other_replica: &Replica,
) -> Vec<String> {
    mailed(replica, EMAIL);
    let body = json!({
        "username": NAME, "password": PASSWORD, "email": "Countess@Example.org",
        "phone": "+44 20 7946 0958",
    });
    let registered = replica.post("/api/v1/auth/register", &body);
    assert_eq!(registered.status, 200, "{}", registered.body);
    for (field, value) in [("email", EMAIL), ("phone", PHONE)] {
        let mut other = json!({ "username": "another_user", "password": PASSWORD });
        other[field] = value.into();
        let taken = other_replica.post("/api/v1/auth/register", &other);
        assert_eq!(taken.status, 409, "{}", taken.body);
    }
    grant_admin(database, NAME);
    let (access, refresh) = tokens(&other_replica.login(NAME, PASSWORD));
    let call = |method: &str, path: &str, token: &str, body: Value| {
        let answer = replica.call(method, path, token, &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        json_of(&answer)
    };
    let key = json!({ "name": "report", "scopes": ["feature:read"], "password": PASSWORD });
    let key = call("POST", "/api/v1/auth/api-keys", &access, key);
    let enroll = json!({ "password": PASSWORD });
    let enrolled = call("POST", "/api/v1/auth/totp/enroll", &access, enroll);
    let factor = enrolled["secret"].as_str().unwrap();
    let confirm = json!({ "totp_code": code(factor, 0) });
    let confirmed = call("POST", "/api/v1/auth/totp/confirm", &access, confirm);
    let renewed = confirmed["access_token"].as_str().unwrap();
    let update = json!({ "config": { "enabled": true } });
    call("PUT", "/api/v1/features/new_page", renewed, update);
    // Clients choose request IDs and the names of members.
    let bearer = format!("Bearer {renewed}");
    for body in [
        json!({ "config": { "enabled": true } }),
        json!({ "config": { "strategy": "PERCENTAGE",
            "rules": { "percentage": "130", EMAIL: "1", PHONE: "2" } } }),
    ] {
        for id in [
            EMAIL,
            PHONE,
            renewed.split('.').next_back().unwrap(),
            refresh.as_str(),
        ] {
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
                ("x-request-id", id),
            ];
            let path = "/api/v1/features/new_page";
            request(replica.http, "PUT", path, &headers, &body.to_string()).unwrap();
        }
    }
    let shown = [
        &key["key"],
        &enrolled["secret"],
        &confirmed["recovery_codes"][0],
        &confirmed["access_token"],
        &confirmed["refresh_token"],
    ];
    let shown = shown.map(|value| value.as_str().unwrap().to_owned());
    [PASSWORD.to_owned(), access, refresh]
        .into_iter()
        .chain(shown)
        .collect()
}

/// Stores a value in a column of a table, as a mistake of the program would.
pub(crate) fn plant(database: &EmptyDatabase, statement: &'static str, value: data::Value) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = DatabaseConfig::from_url(database.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let planted = sql(statement).bind(value).execute(&database).await;
        assert!(planted.unwrap().rows_affected() > 0, "{statement}");
    });
}

pub(crate) fn dump_of_the_database_shows_no_personal_value_sec_5(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let issued = use_accounts(database, &first, &second);
    let Some(clean) = dump(database) else { return };
    for part in ["sealed1:", "co***@example.org", "/api/v1/auth/register"] {
        assert!(
            clean.contains(part),
            "the dump has the columns and the log: {part}"
        );
    }
    let personal = [NAME, EMAIL, PHONE].into_iter().chain(PARTS);
    let issued = issued.iter().map(String::as_str);
    let values: Vec<_> = personal.chain(issued).collect();
    assert_eq!(leaks(&clean, values.iter().copied()), [""; 0]);

    // The search finds each kind of mistake: a plain column, an index without a key, and a request
    // that the operation log stores as it came.
    let planted: [(&str, data::Value, &str); 4] = [
        ("UPDATE users SET email = ?", EMAIL.into(), EMAIL),
        (
            "UPDATE users SET phone_index = ?",
            PHONE.as_bytes().to_vec().into(),
            PHONE,
        ),
        (
            "UPDATE operation_logs SET content = ?",
            json!({ "username": NAME }).to_string().into(),
            NAME,
        ),
        (
            "UPDATE operation_logs SET new_value = ?",
            BASE64.encode(PASSWORD.as_bytes()).into(),
            PASSWORD,
        ),
    ];
    for (statement, value, found) in planted {
        plant(database, statement, value);
        let dump = dump(database).unwrap();
        let leaked = leaks(&dump, values.iter().copied());
        assert!(leaked.contains(&found), "{statement}");
    }
}
