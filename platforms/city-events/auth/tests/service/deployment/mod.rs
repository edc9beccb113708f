//! Tests of the settings documents, the example settings and the compose file.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod legacy_variables;

use std::{fs, net::Ipv4Addr, path::Path};

use seaworthy_testkit::{
    deployment::{Deployed, Deployment},
    http::request,
    process::ServiceProcess,
};

const AUTH: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-auth"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "auth",
    more: &["server.grpc.addr=127.0.0.1:0"],
};

#[test]
fn committed_facts_are_current_obs_9_ship_3() {
    AUTH.documents_its_facts(&[
        "embedded",
        "jwt.secret=SECRET",
        "internal_secret=SECRET",
        "audit_log.key=SECRET",
        "totp.secret=SECRET",
        "service_calls.secret=SECRET-calls",
    ]);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    AUTH.documents_its_settings();
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    AUTH.rejects_unsafe_settings();
}

#[test]
fn production_rejects_rate_limits_that_fail_open_res_6() {
    let example = AUTH.in_production().unwrap();
    let refused = |setting: &str| example.rejected_keys("RES-6", &[setting]).unwrap();
    let key = "rate_limit.redis.on_failure";
    assert_eq!(refused(&format!("{key}=open")), [key]);
    assert_eq!(refused(&format!("{key}=local")), [""; 0]);
}

#[test]
fn production_rejects_weak_password_hashes_auth_2() {
    let example = AUTH.in_production().unwrap();
    for (key, weak, strong) in [
        ("passwords.parameters.memory_kib", 19_455, 19_456),
        ("passwords.parameters.iterations", 1, 2),
    ] {
        let refused = |value: u32| {
            let setting = format!("{key}={value}");
            example.rejected_keys("AUTH-2", &[&setting]).unwrap()
        };
        assert_eq!(refused(weak), [key]);
        assert_eq!(refused(strong), [""; 0]);
    }
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    AUTH.is_accepted_by_production();
}

#[test]
fn production_rejects_plain_and_local_browser_addresses_sec_2() {
    let unset = Deployment::new(Path::new(AUTH.program)).unwrap();
    let keys = [
        "oauth.callback_url",
        "oauth.frontend_origin",
        "password_reset.base_url",
        "server.http.cors.allowed_origins",
        "verify_email.base_url",
    ];
    assert_eq!(unset.rejected_keys("SEC-2", &[]).unwrap(), keys);

    let example = AUTH.in_production().unwrap();
    let refused = |settings: &[&str]| example.rejected_keys("SEC-2", settings).unwrap();
    assert_eq!(refused(&[]), [""; 0]);
    for origin in [
        "http://localhost:3000",
        "http://events.example.org",
        "https://localhost",
        "https://127.0.0.1:8443",
        "https://[::1]",
    ] {
        for key in ["oauth.frontend_origin", "server.http.cors.allowed_origins"] {
            let setting = format!("{key}={origin}");
            assert_eq!(refused(&[&setting]), [key], "{origin}");
            // One instance may keep its data locally. Its users still come from elsewhere.
            let embedded = "allow_embedded=true";
            assert_eq!(refused(&[&setting, embedded]), [key], "{origin}");
        }
    }
    let off = [
        "server.http.cors.enabled=false",
        "server.http.cors.allowed_origins=http://localhost:3000",
    ];
    assert_eq!(refused(&off), [""; 0]);
}

#[test]
fn example_settings_start_in_production_conf_3() {
    AUTH.starts_in_production_on_real_servers();
}

#[test]
fn compose_variables_are_settings_conf_1_ship_2() {
    AUTH.is_configured_by_compose();
}

/// Returns the lines of `config show`, such as `jwt.issuer = "city-events"  # source`.
fn show_config(arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let arguments = [&["config", "show"], arguments].concat();
    let process = ServiceProcess::spawn(Path::new(AUTH.program), &arguments, environment);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
    ended.stdout
}

#[test]
fn starts_with_contract_variables_profile_and_audit_key_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let (database, broker) = (sqlite("auth.db"), sqlite("broker.db"));
    let secret = "a secret that other services send";
    let environment = [
        ("JWT_SECRET", "a signing key that only this test uses"),
        ("VERIFY_EMAIL_BASE_URL", "https://e.example/v?token="),
        ("PASSWORD_RESET_BASE_URL", "https://e.example/r?token="),
        ("DB_ADDR", &database),
        ("REDIS_ADDR", "127.0.0.1:6379"),
        ("RABBIT_URL", &broker),
        ("INTERNAL_SECRET_KEY", secret),
        ("HTTP_ADDR", ":0"),
        ("AUTH_SERVICE__PROFILE", "development"),
    ];
    let free = [
        "serve",
        "--set",
        "admin.addr=127.0.0.1:0",
        "--set",
        "server.grpc.addr=127.0.0.1:0",
        "--set",
        "log.format=json",
        "--set",
        "database.migrate_at_start=true",
        "--set",
        "audit_log.key=a key of the audit log for this test",
    ];
    let program = Path::new(AUTH.program);
    let mut process = ServiceProcess::spawn(program, &free, &environment).unwrap();
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    assert!(http.ip().is_unspecified(), "{http}");
    let http = (Ipv4Addr::LOCALHOST, http.port()).into();
    let status = |secret: &str| {
        let headers = [("x-internal-secret", secret)];
        request(http, "GET", "/internal/users/unknown", &headers, "")
            .unwrap()
            .status
    };
    assert_eq!((status(secret), status("another")), (404, 401));
}

#[test]
fn gateway_secret_must_differ_from_token_secret_auth_6() {
    let secret = "a signing key that only this test uses";
    for key in ["SECRET", "ADDITIONAL_VERIFICATION_KEYS"] {
        let calls = format!("AUTH_SERVICE__SERVICE_CALLS__{key}");
        let error = start_error(&[("JWT_SECRET", secret), (&calls, secret)]);
        let key = format!("service_calls.{}", key.to_lowercase());
        assert!(error.contains(&key), "{error}");
    }
}

fn start_error(environment: &[(&str, &str)]) -> String {
    let program = Path::new(AUTH.program);
    let process = ServiceProcess::start(program, &[], environment).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert!(!ended.status.success(), "{ended:#?}");
    ended.stderr
}

#[test]
fn access_tokens_cannot_outlive_revocations_auth_3() {
    let error = start_error(&[
        ("JWT_SECRET", "a signing key that only this test uses"),
        ("ACCESS_TOKEN_TTL", "25h"),
    ]);
    assert!(
        error.contains("access_token_ttl must be at most"),
        "{error}"
    );
}

#[test]
fn client_settings_keep_other_defaults_auth_4() {
    let expected = "clients.google.propagation = \"none\"";
    let has_propagation_off =
        |lines: Vec<String>| lines.iter().any(|line| line.starts_with(expected));
    let policy = "clients.google.policies.attempt_timeout";
    assert!(has_propagation_off(show_config(
        &["--set", &format!("{policy}=9s")],
        &[]
    )));
    assert!(has_propagation_off(show_config(
        &["--set", "clients.google.redirects.max_redirects=0"],
        &[]
    )));
    let other = show_config(&["--set", "clients.other.policies.attempt_timeout=9s"], &[]);
    assert!(has_propagation_off(other), "a setting of another client");
    let folder = tempfile::tempdir().unwrap();
    let text = "clients:\n  google:\n    policies: { attempt_timeout: 9s }\n";
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let folder = folder.path().display().to_string();
    let lines = show_config(&["--config", &folder], &[]);
    let line = lines.iter().find(|line| line.starts_with(policy)).unwrap();
    assert!(line.contains("\"9s\""), "{line}");
    assert!(has_propagation_off(lines), "a setting in a file");
}

/// Starts the program with databases in a folder and all required settings.
fn start_in(folder: &Path, more: &[&str]) -> ServiceProcess {
    let sqlite = |key: &str, name: &str| format!("{key}=sqlite:{}", folder.join(name).display());
    let settings = [
        sqlite("database.url", "auth.db"),
        sqlite("broker.url", "broker.db"),
        "jwt.secret=a signing key that only this test uses".to_owned(),
        "audit_log.key=a key of the audit log for this test".to_owned(),
        "service_calls.secret=another key that only this test uses".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        "database.migrate_at_start=true".to_owned(),
    ];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = set.chain(more.iter().copied()).collect();
    ServiceProcess::start(Path::new(AUTH.program), &arguments, &[]).unwrap()
}

/// Returns whether the admin can log in with the published password.
fn is_seeded(process: &mut ServiceProcess) -> bool {
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let http = (Ipv4Addr::LOCALHOST, http.port()).into();
    let body = format!(
        r#"{{"email":"admin@example.com","password":"{}"}}"#,
        city_events_auth::SEED_PASSWORD
    );
    let headers = [("content-type", "application/json")];
    let status = request(http, "POST", "/auth/v1/login", &headers, &body)
        .unwrap()
        .status;
    assert!([200, 401].contains(&status), "{status}");
    status == 200
}

const EXPOSED: &str = "server.http.addr=0.0.0.0:0";

#[test]
fn exposed_service_seeds_no_accounts_auth_2() {
    let folder = tempfile::tempdir().unwrap();
    let exposed = ["--profile", "development", "--set", EXPOSED];
    assert!(!is_seeded(&mut start_in(folder.path(), &exposed)));
}

#[test]
fn rejects_published_passwords_when_exposed_auth_2() {
    let folder = tempfile::tempdir().unwrap();
    assert!(is_seeded(&mut start_in(folder.path(), &[])));
    for more in [
        &["--profile", "development", "--set", EXPOSED][..],
        &["--profile", "staging", "--set", "admin.addr=127.0.0.1:0"],
        &["--set", "reject_default_passwords=true"],
    ] {
        let ended = start_in(folder.path(), more).wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{more:?} {ended:#?}");
        for name in ["admin", "moderator", "user"] {
            let address = format!("{name}@example.com");
            assert!(ended.stderr.contains(&address), "{more:?} {ended:#?}");
        }
    }
}
