//! Variables of the contract for feature flags.

use std::fs;

use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::json;

use crate::{
    app::PASSWORD,
    contract_variables::{checked, start},
    features::wait,
};

fn register(http: std::net::SocketAddr, username: &str) -> HttpResponse {
    let json = [("content-type", "application/json")];
    let body = json!({ "username": username, "password": PASSWORD }).to_string();
    request(http, "POST", "/api/v1/auth/register", &json, &body).unwrap()
}

#[test]
fn flags_of_the_contract_have_a_file_and_a_switch_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flags.yaml");
    fs::write(&file, "user.management: false\n").unwrap();
    let file = file.to_str().unwrap();
    for (enabled, status) in [("true", 403), ("false", 200)] {
        let variables = [("FEATURES_FILE", file), ("FEATURES_ENABLED", enabled)];
        let mut process = start(folder.path(), &variables);
        let (http, _) = process.addresses().unwrap();
        process.line("\"message\":\"ready\"").unwrap();
        let answer = register(http, "ada");
        assert_eq!(answer.status, status, "{enabled}: {}", answer.body);
    }
    let missing = folder.path().join("missing.yaml");
    let variables = [("FEATURES_FILE", missing.to_str().unwrap())];
    let started = start(folder.path(), &variables).wait_with_output().unwrap();
    for ended in [started, checked(&variables)] {
        assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
        assert!(
            ended.stderr.contains("the file does not exist"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn missing_flag_file_does_not_reject_a_reload_conf_4() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flags.yaml");
    fs::write(&file, "user.management: false\n").unwrap();
    let variables = [("FEATURES_FILE", file.to_str().unwrap())];
    let mut process = start(folder.path(), &variables);
    let (http, admin) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    fs::remove_file(&file).unwrap();
    process.line("the file does not exist").unwrap();
    let action = [("x-admin-request", "1")];
    let reloaded = request(admin, "POST", "/config/reload", &action, "").unwrap();
    assert_eq!(reloaded.status, 200, "{}", reloaded.body);
    // The last flags apply.
    assert_eq!(register(http, "ada").status, 403);
}

#[test]
fn flag_file_is_watched_unless_the_contract_says_otherwise_conf_1() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let file = folders[0].path().join("flags.yaml");
    fs::write(&file, "user.management: false\n").unwrap();
    let file = file.to_str().unwrap();
    let start = |folder: usize, watch| {
        let variables = [
            ("FEATURES_FILE", file),
            ("FEATURES_WATCH", watch),
            ("RATE_LIMIT_ENABLED", "false"),
            ("STARTER__AUTH__LOGIN_RATE_LIMIT__ENABLED", "false"),
        ];
        let mut process = start(folders[folder].path(), &variables);
        let (http, _) = process.addresses().unwrap();
        process.line("\"message\":\"ready\"").unwrap();
        (process, http)
    };
    let ((_watching, watching), (_other, other)) = (start(0, "true"), start(1, "false"));
    for http in [watching, other] {
        assert_eq!(register(http, "ada").status, 403);
    }
    fs::write(file, "user.management: true\n").unwrap();
    wait(|| register(watching, "ada").status == 200);
    assert_eq!(register(other, "ada").status, 403);
}
