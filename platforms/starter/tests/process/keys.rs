use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

use data_encoding::HEXLOWER;
use seaworthy::data::{Database, DatabaseConfig, chrono::Utc, sql, uuid::Uuid};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
    process::ServiceProcess,
    requirement::required,
    vault::VaultServer,
    worker,
};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, SECRETS, builder_with, json_of, tokens},
    dump::plant,
    features::wait,
    logs::{assert_clean_output, remembered},
};

/// Replicas use a new key soon. Keys are deleted after more time than a request takes.
const TIMES: [&str; 2] = ["kms.refresh_interval=50ms", "kms.delete_after=5s"];
/// Maximum number of users that a client registers.
const MAX_USERS: usize = 30;

/// Runs a subcommand of `encryption`, and returns its response.
pub(crate) fn encryption(url: &str, subcommand: &str) -> Value {
    encryption_with(url, subcommand, &SECRETS)
}

fn encryption_with(url: &str, subcommand: &str, secrets: &[&str]) -> Value {
    let url = format!("data.database.url={url}");
    let settings = secrets.iter().chain(&TIMES);
    let ran = Command::new(env!("CARGO_BIN_EXE_starter"))
        .args(["encryption", subcommand, "--format", "json", "--set", &url])
        .args(settings.flat_map(|setting| ["--set", setting]))
        .output()
        .unwrap();
    assert_clean_output(&ran);
    assert!(ran.status.success(), "{ran:?}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Returns the statuses of all data keys.
fn statuses(url: &str) -> Vec<String> {
    let status = encryption(url, "status");
    let keys = status["keys"].as_array().unwrap();
    let text = |key: &Value| key["status"].as_str().unwrap().to_owned();
    keys.iter().map(text).collect()
}

/// Ends the load of a test, also if the test panics.
struct Load<'l>(&'l AtomicBool);

impl Drop for Load<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

/// Registers users at a replica and logs in earlier ones until the load ends. Returns the users.
fn use_accounts(http: SocketAddr, prefix: &str, is_loaded: &AtomicBool) -> Vec<String> {
    let mut users: Vec<String> = Vec::new();
    let mut calls = 0;
    while is_loaded.load(SeqCst) {
        if users.len() < MAX_USERS {
            let user = format!("{prefix}{}", users.len());
            let body = json!({
                "username": user, "password": PASSWORD, "email": remembered(&format!("{user}@example.net")),
            });
            let answer = post(http, "register", &body);
            assert_eq!(answer.status, 200, "{}", answer.body);
            users.push(user);
        }
        assert_readable(http, &users[calls % users.len()]);
        calls += 7;
    }
    users
}

fn post(http: SocketAddr, method: &str, body: &Value) -> HttpResponse {
    let path = format!("/api/v1/auth/{method}");
    let json = [("content-type", "application/json")];
    request(http, "POST", &path, &json, &body.to_string()).unwrap()
}

/// Asserts that a replica decrypts the values of a user.
#[track_caller]
fn assert_readable(http: SocketAddr, user: &str) {
    let body = json!({ "username": user, "password": PASSWORD });
    let (access, _) = tokens(&post(http, "login", &body));
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str())];
    let shown = request(http, "GET", "/api/v1/auth/profile", &headers, "").unwrap();
    let email = format!("{}***@example.net", &user[..2]);
    assert_eq!(json_of(&shown)["email"], email.as_str(), "{}", shown.body);
}

pub(crate) fn rotation_keeps_values_while_replicas_run_sec_5(database: &EmptyDatabase) {
    let replicas = [(); 2].map(|()| Replica::start_with(database, &TIMES));
    let [first, second] = replicas.each_ref().map(|replica| replica.http);
    let url = database.url();
    let is_loaded = AtomicBool::new(true);
    let users = thread::scope(|scope| {
        let load = Load(&is_loaded);
        let is_loaded = &is_loaded;
        let clients = [(first, "ann"), (second, "ben")]
            .map(|(http, prefix)| scope.spawn(move || use_accounts(http, prefix, is_loaded)));
        for _ in 0..2 {
            assert_eq!(encryption(url, "rotate")["rotated"], true);
        }
        assert_eq!(statuses(url), ["inactive", "inactive", "active"]);
        let status = encryption(url, "status");
        let numbers = json!({ "total": 3, "active": 1, "expired": 0 });
        assert_eq!(status["key_statistics"], numbers, "{status}");
        assert_eq!(status["active_key_version"], status["keys"][2]["version"]);
        assert_eq!(status["active_key_expiry"], status["keys"][2]["expires_at"]);
        assert_eq!(status["rotate_interval"], "90d", "{status}");

        // The replicas write until no value needs an old key, and afterwards.
        let is_deleted = |key: &Value| key["deleted"] == true && key["values"] == 0;
        wait(|| {
            encryption(url, "rewrap");
            let keys = encryption(url, "delete-unused");
            keys.as_array().unwrap().iter().all(is_deleted)
        });
        assert_eq!(statuses(url), ["active"]);
        drop(load);
        clients.map(|client| client.join().unwrap())
    });

    let [first, second] = replicas;
    let restarted = first.restart();
    for user in users.iter().flatten() {
        assert_readable(second.http, user);
        assert_readable(restarted.http, user);
    }
}

#[test]
fn worker_rotates_an_expired_key_and_reports_sec_5() {
    let database = EmptyDatabase::sqlite().unwrap();
    let app = builder_with(database.url(), &SECRETS);
    let mut app = app.setting("kms.rotate_interval=1ms").start().unwrap();
    // The operator does not wait for the next hour.
    worker::run(app.admin, "rotate data keys").unwrap();
    let line = app.process.line("data keys were checked").unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let numbers = ["total", "active", "expired"].map(|name| line[name].as_u64());
    assert_eq!(numbers[1], Some(1), "{line}");
    assert!(numbers[0] > Some(1) && numbers[2] > Some(0), "{line}");
    assert!(statuses(database.url()).contains(&"expired".to_owned()));
}

#[test]
fn replicas_read_values_of_both_ciphers_sec_5() {
    let database = EmptyDatabase::sqlite().unwrap();
    let other_cipher = "kms.algorithm=ChaCha20-Poly1305";
    let (first, second) = (
        Replica::start(&database),
        Replica::start_with(&database, &[other_cipher]),
    );
    let register = |replica: &Replica, user: &str| {
        let email = format!("{user}@example.net");
        let body = json!({ "username": user, "password": PASSWORD, "email": remembered(&email) });
        let answer = post(replica.http, "register", &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    register(&first, "ann0");
    let secrets = [&SECRETS[..], &[other_cipher]].concat();
    let url = database.url();
    assert_eq!(encryption_with(url, "rotate", &secrets)["rotated"], true);
    let restarted = second.restart();
    register(&restarted, "ben0");
    let status = encryption(url, "status");
    let keys = status["keys"].as_array().unwrap().iter();
    let algorithms: Vec<_> = keys.map(|key| key["algorithm"].as_str()).collect();
    assert_eq!(algorithms.first(), Some(&Some("AES-256-GCM")), "{status}");
    let newest = algorithms.last();
    assert_eq!(newest, Some(&Some("ChaCha20-Poly1305")), "{status}");
    for replica in [&first, &restarted] {
        for user in ["ann0", "ben0"] {
            assert_readable(replica.http, user);
        }
    }
}

pub(crate) fn wrong_seed_stops_the_start_sec_5(database: &EmptyDatabase) {
    Replica::start(database).user("ada");
    let url = format!("data.database.url={}", database.url());
    let wrong = "kms.seed=another-horse-battery-staple-and-seed";
    let settings = [
        SECRETS[0],
        wrong,
        SECRETS[2],
        &url,
        "server.http.addr=127.0.0.1:0",
        "admin.addr=127.0.0.1:0",
        "health.addr=127.0.0.1:0",
    ];
    let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_starter"));
    let process = ServiceProcess::spawn(program, &arguments, &[]);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(ended.stderr.contains("data keys"), "{}", ended.stderr);
    // The right seed still works.
    let answer = Replica::start(database).login("ada", PASSWORD);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The root key of the legacy service, by PBKDF2.
const LEGACY_ROOT: [&str; 5] = [
    "kms.accept_legacy_values=true",
    "kms.other_root.seed=a seed of the legacy service, with more bytes",
    "kms.other_root.salt=0123456789abcdef",
    "kms.other_root.derivation=pbkdf2",
    "kms.other_root.iterations=100000",
];
/// Values that another implementation has encrypted: a data key by the root key, an address by the
/// data key, and a number by the root key.
const LEGACY_KEY: &str = "010101010101010101010101aefa3063b0c0717154df7948ad74fc4d1f480bba714b5b1dfdd79913e5602ef29b4b438ae3eadc03289f395083261a4c";
const LEGACY_EMAIL: &str = "v1700000000000000000:AES-256-GCM:020202020202020202020202967181153d3bd02197827640bafe54404e566339d58e8b36b4ba93b6887118f74994";
const LEGACY_PHONE: &str = "01.AwMDAwMDAwMDAwMD.5c8nmFkvSnt9AyGLGvdr/3GTnB/93pmHZzyfJA==";

/// Inserts the data key of the legacy service as an operator does.
fn insert_legacy_key(database: &EmptyDatabase) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = DatabaseConfig::from_url(database.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        sql("INSERT INTO kms_data_keys (id, version, algorithm, encrypted_key, key_hash, status, created_at, expires_at, metadata)
             VALUES (?, 'v1700000000000000000', 'AES-256-GCM', ?, 'none', 'inactive', ?, ?, ?)")
            .bind(Uuid::from_u128(1))
            .bind(HEXLOWER.decode(LEGACY_KEY.as_bytes()).unwrap())
            .bind(Utc::now())
            .bind(Utc::now())
            .bind(json!({}))
            .execute(&database)
            .await
            .unwrap();
    });
}

pub(crate) fn legacy_texts_are_read_and_moved_sec_5(database: &EmptyDatabase) {
    let body = json!({
        "username": "ada", "password": PASSWORD, "email": "ada@example.org", "phone": "13800000000",
    });
    let registered = Replica::start(database).post("/api/v1/auth/register", &body);
    assert_eq!(registered.status, 200, "{}", registered.body);
    insert_legacy_key(database);
    plant(database, "UPDATE users SET email = ?", LEGACY_EMAIL.into());
    plant(database, "UPDATE users SET phone = ?", LEGACY_PHONE.into());

    let accepting = [(); 2].map(|()| Replica::start_with(database, &LEGACY_ROOT));
    let (access, _) = tokens(&accepting[0].login("ada", PASSWORD));
    let assert_read = |replica: &Replica| {
        let shown = replica.call("GET", "/api/v1/auth/profile", &access, "");
        let shown = json_of(&shown);
        assert_eq!(shown["email"], "le***@example.org", "{shown}");
        assert_eq!(shown["phone"], "+33*****5678", "{shown}");
    };
    accepting.iter().for_each(assert_read);
    let secrets = [&SECRETS[..], &LEGACY_ROOT].concat();
    encryption_with(database.url(), "rewrap", &secrets);

    // Nothing needs the legacy root or its texts.
    let strict = [(); 2].map(|()| Replica::start(database));
    strict.iter().for_each(assert_read);
}

#[test]
fn root_key_in_vault_is_rotated_while_replicas_run_sec_5() {
    let Some(program) = required("SEAWORTHY_TEST_VAULT") else {
        return;
    };
    let vault = VaultServer::start(program).unwrap();
    let key = "transit/keys/starter";
    vault.call("POST", key, &Value::Null).unwrap();
    let policy = ["encrypt", "decrypt", "rewrap"].map(|operation| {
        format!(r#"path "transit/{operation}/starter" {{ capabilities = ["update"] }}"#)
    });
    let token = vault.token(&policy.concat(), 0).unwrap();
    let place = format!("clients.vault.base_url={}", vault.url());
    let token = format!("kms.vault.token={token}");
    let settings = [SECRETS[0], "kms.vault.key=starter", &token, &place];
    let database = EmptyDatabase::sqlite().unwrap();
    let url = database.url();
    let start = || {
        let app = builder_with(url, &settings).settings(TIMES);
        Replica::from(app.start().unwrap())
    };
    let (first, second) = (start(), start());
    first.user("ada");
    assert_eq!(encryption_with(url, "rotate", &settings)["rotated"], true);
    second.user("bob");

    vault
        .call("POST", &format!("{key}/rotate"), &Value::Null)
        .unwrap();
    encryption_with(url, "rewrap", &settings);
    // Vault rejects the first version of the root key.
    let newest = json!({ "min_decryption_version": 2 });
    vault
        .call("POST", &format!("{key}/config"), &newest)
        .unwrap();
    let restarted = first.restart();
    for replica in [&restarted, &second] {
        for user in ["ada", "bob"] {
            let answer = replica.login(user, PASSWORD);
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
}
