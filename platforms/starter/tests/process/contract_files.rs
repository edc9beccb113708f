//! Configuration files of the contract.

use std::{fs, path::Path};

use seaworthy_testkit::{
    compose::Compose,
    deployment::assert_compose_is_accepted,
    http::request,
    process::{ProcessOutput, ServiceProcess},
};

use serde_json::json;

use crate::{
    app::{PASSWORD, json_of, tokens},
    features::wait,
    logs::end_with_clean_log,
    sessions::claims,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_starter");

/// The keys of the contract with other names than those of the service. The variables replace
/// placeholders.
const CONFIG: &str = r#"
server:
  http: { network: tcp, addr: 127.0.0.1:0, timeout: 30s }
  grpc: { network: tcp, addr: 127.0.0.1:0, timeout: 30s }
data:
  database:
    driver: sqlite
    source: sqlite:${FOLDER}/contract.db
    max_idle_conns: 2
    max_open_conns: 20
    conn_max_lifetime: 1h
    migrate_at_start: true
auth:
  jwt_secret_key: ${JWT:Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e}
  access_token_expiration: 15m
  refresh_token_expiration: 7d
  captcha_enabled: false
  captcha_expiration: 5m
  max_login_attempts: 3
  lock_duration: 30m
  totp_enabled: true
kms: { seed: correct-horse-battery-staple-and-a-seed, salt: 0123456789abcdef, key_length: 24, algorithm: AES-256-GCM, storage_type: database }
log: { level: info, format: json, output: both, file: { path: "${FOLDER}/logs/starter.log" }, rotation: { max_size: 100MB, max_age: 30d, max_backups: 10, compress: true } }
features: { enabled: true, config_file: features.yaml, watch_config: true, default_environment: canary, repository: { type: file, config_path: "${FOLDER}", format: yaml } }
security:
  tls: { enabled: false, cert_file: nowhere.pem, key_file: nowhere.key, min_version: 1.2 }
  cors: { allowed_origins: "https://app.example.org, https://b.example.org", allowed_methods: "GET,POST", allowed_headers: "Content-Type,Authorization", allow_credentials: true, max_age: 86400 }
  rate_limit: { enabled: true, requests_per_minute: 40, burst: 15 }
  headers: { enable_hsts: true, hsts_max_age: 90, frame_options: SAMEORIGIN }
monitoring:
  metrics: { enabled: true, addr: "127.0.0.1:0", path: /metrics }
  health: { enabled: true, addr: "127.0.0.1:0", path: /health }
  tracing: { enabled: false, endpoint: "nowhere:4318", service_name: accounts }
swagger_ui:
  enabled: true
  security: { enable_auth: true, allowed_ips: [127.0.0.0/8, "*"], allowed_user_types: [], enable_audit_log: true, path_prefix: /q/, jwt: { check_expiry: true, check_issuer: true, allowed_issuers: [starter, accounts] } }
environment: test
environments:
  test: { swagger_ui: { security: { enable_auth: false } } }
  production: { swagger_ui: { enabled: false } }
"#;

/// Keys of the contract that are rejected, and the replacements that the errors name.
const REFUSED: [(&str, &str); 10] = [
    ("server: { http: { network: unix } }", "listeners use TCP"),
    (
        "data: { database: { driver: postgres, source: 'sqlite:a' } }",
        "must be a URL with the scheme postgres",
    ),
    (
        "environment: staging",
        "the profile of the service is development",
    ),
    ("kms: { key_length: 20 }", "must be a multiple of 8"),
    (
        "monitoring: { metrics: { path: /measures } }",
        "the admin listener serves /metrics",
    ),
    (
        "monitoring: { health: { path: /healthz } }",
        "orchestrators need probes",
    ),
    (
        "security: { tls: { enabled: true } }",
        "set server.http.tls.certificate too",
    ),
    (
        "monitoring: { tracing: { enabled: true } }",
        "set tracing.endpoint too",
    ),
    ("security: { unknown: 1 }", "unknown key"),
    (
        "environments: { live: { swagger_ui: { enabled: true } } }",
        "unknown profile",
    ),
];

/// Writes `config.yaml` into a new folder.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    folder
}

#[test]
fn files_of_the_contract_configure_the_service_conf_1() {
    let folder = folder(CONFIG);
    fs::write(
        folder.path().join("config.test.yaml"),
        "auth: { max_login_attempts: 2 }\n",
    )
    .unwrap();
    let flags = "user.management: { enabled: true, strategy: environment, rules: { environments: [canary] } }\n";
    fs::write(folder.path().join("features.yaml"), flags).unwrap();
    let path = folder.path().to_str().unwrap();
    let variables = [("ENVIRONMENT", "test"), ("FOLDER", path)];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &["-conf", path], &variables);
    let mut process = process.unwrap();
    let (http, admin) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();

    let origin = [("origin", "https://b.example.org")];
    let greeting = request(http, "GET", "/helloworld/Ada", &origin, "").unwrap();
    assert_eq!(json_of(&greeting)["message"], "Hello Ada");
    for (name, value) in [
        ("x-ratelimit-limit", "15"),
        ("x-frame-options", "SAMEORIGIN"),
        ("access-control-allow-origin", "https://b.example.org"),
        ("access-control-allow-credentials", "true"),
    ] {
        assert_eq!(greeting.header(name), Some(value), "{greeting:?}");
    }
    let preflight = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "POST"),
    ];
    let preflight = request(http, "OPTIONS", "/helloworld/Ada", &preflight, "").unwrap();
    assert_eq!(preflight.header("access-control-max-age"), Some("86400"));
    assert_eq!(
        request(admin, "GET", "/metrics", &[], "").unwrap().status,
        200
    );
    assert_eq!(request(http, "GET", "/q/", &[], "").unwrap().status, 200);

    // The file of the environment is above config.yaml.
    let json = [("content-type", "application/json")];
    let body = r#"{"username":"ada","password":"wrong4password"}"#;
    let login = || request(http, "POST", "/api/v1/auth/login", &json, body).unwrap();
    assert_eq!(
        [login(), login(), login()].map(|answer| answer.status),
        [401, 401, 403]
    );
    // The flag is on in the environment that the file declares for flags.
    let body = json!({ "username": "bob", "password": PASSWORD }).to_string();
    let registered = request(http, "POST", "/api/v1/auth/register", &json, &body).unwrap();
    assert_eq!(registered.status, 200, "{}", registered.body);
    assert!(folder.path().join("contract.db").is_file());
    let log = folder.path().join("logs/starter.log");
    wait(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("\"message\":\"ready\"")));
    end_with_clean_log(process);
}

#[test]
fn section_jwt_of_the_contract_sets_the_tokens_conf_1() {
    let (before, rest) = CONFIG.split_once("  jwt_secret_key").unwrap();
    let (_, after) = rest.split_once("refresh_token_expiration: 7d\n").unwrap();
    // A development service accepts the secrets of the contract, from 16 characters.
    let jwt = "jwt: { secret: Kx3v9Qp2LmT7wZr5, access_expiry: 10m, refresh_expiry: 168h, issuer: accounts, signing_method: HS256 }\n";
    let folder = folder(&[before, after, jwt].concat());
    fs::write(folder.path().join("features.yaml"), "new_page: true\n").unwrap();
    let path = folder.path().to_str().unwrap();
    let variables = [("ENVIRONMENT", "test"), ("FOLDER", path)];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &["-conf", path], &variables);
    let mut process = process.unwrap();
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let json = [("content-type", "application/json")];
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let post = |path: &str| {
        let path = format!("/api/v1/auth/{path}");
        request(http, "POST", &path, &json, &body).unwrap()
    };
    assert_eq!(post("register").status, 200);
    let claims = claims(&tokens(&post("login")).0);
    assert_eq!(claims["iss"], "accounts");
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 600);
    end_with_clean_log(process);
}

/// Checks a file without a start.
fn checked(text: &str) -> ProcessOutput {
    let folder = folder(text);
    let arguments = ["config", "check", "-conf", folder.path().to_str().unwrap()];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &arguments, &[]);
    process.unwrap().wait_with_output().unwrap()
}

#[test]
fn keys_of_the_contract_are_never_ignored_conf_1() {
    for (text, advice) in REFUSED {
        let ended = checked(text);
        assert_eq!(ended.status.code(), Some(78), "{text}: {ended:#?}");
        assert!(ended.stderr.contains(advice), "{text}: {}", ended.stderr);
        let (section, _) = text.split_once(':').unwrap();
        assert!(ended.stderr.contains(section), "{text}: {}", ended.stderr);
    }
}

#[test]
fn compose_file_runs_the_service_restricted_ship_2() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose.yaml");
    let violations = Compose::read(&file).violations(&["starter"]);
    assert_eq!(violations, Vec::<String>::new());
    assert_compose_is_accepted(Path::new(PROGRAM), &file, "starter");
}
