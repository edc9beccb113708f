//! Variables of the contract (section 18), each of which has an effect.

use std::{net::TcpListener, path::Path};

use seaworthy_testkit::{
    http::request,
    process::{ProcessOutput, ServiceProcess},
};
use serde_json::Value;

use crate::settings::ENVIRONMENT;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_starter");

/// All variables of the contract with the values of its template. Secrets and addresses that have
/// no default are those of a deployment.
const VARIABLES: [(&str, &str); 79] = [
    ("ENVIRONMENT", "test"),
    ("HTTP_ADDR", "0.0.0.0:8000"),
    ("HTTP_TIMEOUT", "30s"),
    ("GRPC_ADDR", "0.0.0.0:9000"),
    ("GRPC_TIMEOUT", "30s"),
    ("DATABASE_DRIVER", "postgres"),
    ("DATABASE_URL", "postgres://starter:word@db/starter"),
    ("DB_MAX_IDLE_CONNS", "10"),
    ("DB_MAX_OPEN_CONNS", "100"),
    ("DB_CONN_MAX_LIFETIME", "1h"),
    ("REDIS_ADDR", "cache:6379"),
    ("REDIS_PASSWORD", "word"),
    ("REDIS_DB", "0"),
    ("REDIS_READ_TIMEOUT", "3s"),
    ("REDIS_WRITE_TIMEOUT", "3s"),
    ("REDIS_POOL_SIZE", "100"),
    ("JWT_SECRET_KEY", "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e"),
    ("ACCESS_TOKEN_EXPIRATION", "1h"),
    ("REFRESH_TOKEN_EXPIRATION", "14d"),
    ("CAPTCHA_ENABLED", "true"),
    ("CAPTCHA_EXPIRATION", "5m"),
    ("MAX_LOGIN_ATTEMPTS", "5"),
    ("LOCK_DURATION", "30m"),
    ("TOTP_ENABLED", "true"),
    ("FEATURES_ENABLED", "true"),
    (
        "FEATURES_FILE",
        concat!(env!("CARGO_MANIFEST_DIR"), "/flags/features.yaml"),
    ),
    ("FEATURES_WATCH", "true"),
    ("PLUGINS_ENABLED", "false"),
    ("PLUGINS_DIRECTORY", "./plugins"),
    ("PLUGINS_CONFIG_DIRECTORY", "./configs/plugins"),
    ("PLUGINS_AUTO_LOAD", "true"),
    ("PLUGINS_SANDBOX_ENABLED", "true"),
    ("PLUGINS_MAX_MEMORY", "50MB"),
    ("PLUGINS_MAX_CPU_PERCENT", "5"),
    ("KMS_SEED", "correct-horse-battery-staple-and-a-seed"),
    ("KMS_SALT", "0123456789abcdef"),
    ("KMS_ITERATIONS", "600000"),
    ("KMS_ROTATE_INTERVAL", "24h"),
    ("LOG_LEVEL", "info"),
    ("LOG_FORMAT", "json"),
    ("LOG_OUTPUT", "stdout"),
    ("LOG_MAX_SIZE", "100MB"),
    ("LOG_MAX_AGE", "30d"),
    ("LOG_MAX_BACKUPS", "10"),
    ("TLS_ENABLED", "false"),
    ("TLS_CERT_FILE", "/run/secrets/tls.crt"),
    ("TLS_KEY_FILE", "/run/secrets/tls.key"),
    ("TLS_MIN_VERSION", "1.2"),
    ("CORS_ALLOWED_ORIGINS", "https://app.example.org"),
    ("CORS_ALLOWED_METHODS", "GET,POST,PUT,DELETE,OPTIONS"),
    (
        "CORS_ALLOWED_HEADERS",
        "Content-Type,Authorization,X-Request-ID",
    ),
    ("CORS_ALLOW_CREDENTIALS", "true"),
    ("CORS_MAX_AGE", "86400"),
    ("RATE_LIMIT_ENABLED", "true"),
    ("RATE_LIMIT_RPM", "100"),
    ("RATE_LIMIT_BURST", "10"),
    ("ENABLE_HSTS", "true"),
    ("HSTS_MAX_AGE", "31536000"),
    ("HSTS_INCLUDE_SUBDOMAINS", "true"),
    ("CONTENT_SECURITY_POLICY", "default-src 'self'"),
    ("FRAME_OPTIONS", "DENY"),
    ("CONTENT_TYPE_OPTIONS", "nosniff"),
    ("XSS_PROTECTION", "1; mode=block"),
    ("REFERRER_POLICY", "strict-origin-when-cross-origin"),
    (
        "PERMISSIONS_POLICY",
        "camera=(), microphone=(), geolocation=()",
    ),
    ("METRICS_ENABLED", "true"),
    ("METRICS_ADDR", ":8080"),
    ("METRICS_PATH", "/metrics"),
    ("HEALTH_ENABLED", "true"),
    ("HEALTH_ADDR", ":8081"),
    ("HEALTH_PATH", "/health"),
    ("TRACING_ENABLED", "true"),
    ("TRACING_ENDPOINT", "collector:4318"),
    ("TRACING_SERVICE_NAME", "accounts"),
    ("SWAGGER_ENABLED", "true"),
    ("SWAGGER_ALLOWED_IPS", "10.0.0.0/8"),
    ("KRATOS_SERVER_HTTP_TIMEOUT", "30s"),
    ("KRATOS_MONITORING_TRACING_ENABLED", "true"),
    ("KRATOS_SECURITY_RATE_LIMIT_BURST", "10"),
];

#[test]
fn all_variables_of_the_contract_are_accepted_conf_1() {
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &["config", "check"], &VARIABLES);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
    let arguments = ["config", "show", "--format", "json"];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &arguments, &VARIABLES);
    let shown = process
        .unwrap()
        .wait_with_output()
        .unwrap()
        .stdout
        .join("\n");
    for value in [
        "postgres://starter:***@db/starter",
        "redis://cache:6379",
        "0.0.0.0:8081",
    ] {
        assert!(shown.contains(value), "{value}: {shown}");
    }
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let values = shown["values"].as_array().unwrap();
    let origins: Vec<_> = values.iter().map(|value| &value["origin"]).collect();
    for (name, _) in VARIABLES {
        let origin = format!("env {name}");
        let is_set = origins.iter().any(|known| **known == origin);
        assert!(
            is_set || WITHOUT_ORIGIN.contains(&name),
            "{name} sets nothing"
        );
    }
}

/// The variables that are not the origin of a setting: they select a profile or a part, confirm
/// what is always on, set the same setting as another one, or belong to a build with plugins.
const WITHOUT_ORIGIN: [&str; 21] = [
    "ENVIRONMENT",
    "DATABASE_DRIVER",
    "PLUGINS_ENABLED",
    "PLUGINS_DIRECTORY",
    "PLUGINS_CONFIG_DIRECTORY",
    "PLUGINS_AUTO_LOAD",
    "PLUGINS_SANDBOX_ENABLED",
    "PLUGINS_MAX_MEMORY",
    "PLUGINS_MAX_CPU_PERCENT",
    "TLS_ENABLED",
    "TLS_CERT_FILE",
    "TLS_KEY_FILE",
    "TLS_MIN_VERSION",
    "ENABLE_HSTS",
    "METRICS_PATH",
    "HEALTH_ENABLED",
    "HEALTH_PATH",
    "TRACING_ENABLED",
    "KRATOS_SERVER_HTTP_TIMEOUT",
    "KRATOS_MONITORING_TRACING_ENABLED",
    "KRATOS_SECURITY_RATE_LIMIT_BURST",
];

/// The defaults of the contract for keys that the framework has other defaults for.
const DEFAULTS: [(&str, &str); 15] = [
    ("server.http.timeout", "30s"),
    ("admin.addr", "127.0.0.1:8080"),
    ("health.addr", "127.0.0.1:8081"),
    ("data.database.pool.min_connections", "10"),
    ("data.database.pool.max_connections", "100"),
    ("data.database.pool.max_lifetime", "1h"),
    ("auth.access_token_expiration", "15m"),
    ("auth.refresh_token_expiration", "7d"),
    ("auth.captcha_expiration", "5m"),
    ("auth.max_login_attempts", "5"),
    ("auth.lock_duration", "30m"),
    ("server.http.rate_limit.requests", "100"),
    ("server.http.rate_limit.burst", "10"),
    ("kms.key_length", "32"),
    ("tracing.sample_ratio", "0.1"),
];

#[test]
fn defaults_are_those_of_the_contract_conf_1() {
    let arguments = ["config", "show", "--format", "json"];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &arguments, &[]);
    let shown = process
        .unwrap()
        .wait_with_output()
        .unwrap()
        .stdout
        .join("\n");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let values = shown["values"].as_array().unwrap();
    for (key, expected) in DEFAULTS {
        let value = values.iter().find(|value| value["key"] == key);
        let value = &value.unwrap()["value"];
        let text = value.as_str().map(ToOwned::to_owned);
        assert_eq!(text.unwrap_or_else(|| value.to_string()), expected, "{key}");
    }
}

/// Starts the service with further variables on a database in a folder.
pub(crate) fn start(folder: &Path, variables: &[(&str, &str)]) -> ServiceProcess {
    let database = format!(
        "data.database.url=sqlite:{}",
        folder.join("starter.db").display()
    );
    let settings = [
        "--set",
        &database,
        "--set",
        "data.database.migrate_at_start=true",
    ];
    let variables = [&ENVIRONMENT, variables].concat();
    ServiceProcess::start(Path::new(PROGRAM), &settings, &variables).unwrap()
}

/// Checks variables without a start.
pub(crate) fn checked(variables: &[(&str, &str)]) -> ProcessOutput {
    let variables = [&ENVIRONMENT, variables].concat();
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &["config", "check"], &variables);
    process.unwrap().wait_with_output().unwrap()
}

/// Returns an address that was free a moment ago.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn burst_of_the_contract_limits_requests_at_once_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = start(
        folder.path(),
        &[("RATE_LIMIT_RPM", "6"), ("RATE_LIMIT_BURST", "3")],
    );
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let greet = || request(http, "GET", "/helloworld/Ada", &[], "").unwrap();
    let statuses = [greet(), greet(), greet(), greet()].map(|answer| answer.status);
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[test]
fn age_of_strict_transport_security_is_in_seconds_conf_1() {
    let proxy = "STARTER__SERVER__HTTP__SECURITY_HEADERS__BEHIND_TLS_PROXY";
    for (age, header) in [("3600", "max-age=3600"), ("0", "max-age=0")] {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            ("HSTS_MAX_AGE", age),
            ("HSTS_INCLUDE_SUBDOMAINS", "false"),
            (
                "STARTER__SERVER__HTTP__SECURITY_HEADERS__STRICT_TRANSPORT_SECURITY_PRELOAD",
                "false",
            ),
            (proxy, "true"),
        ];
        let mut process = start(folder.path(), &variables);
        let (http, _) = process.addresses().unwrap();
        process.line("\"message\":\"ready\"").unwrap();
        let greeting = request(http, "GET", "/helloworld/Ada", &[], "").unwrap();
        assert_eq!(greeting.header("strict-transport-security"), Some(header));
    }
}

#[test]
fn driver_and_prefixed_variables_of_the_contract_act_conf_1() {
    let ended = checked(&[("DATABASE_DRIVER", "postgres")]);
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    assert!(ended.stderr.contains("DATABASE_DRIVER"), "{}", ended.stderr);
    let unknown = checked(&[("KRATOS_AUTH_NOTHING", "1")]);
    assert_eq!(unknown.status.code(), Some(78), "{unknown:#?}");
    assert!(
        unknown.stderr.contains("KRATOS_AUTH_NOTHING"),
        "{}",
        unknown.stderr
    );

    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("DATABASE_DRIVER", "sqlite"),
        ("KRATOS_AUTH_MAX_LOGIN_ATTEMPTS", "1"),
        ("KRATOS_SECURITY_HEADERS_FRAME_OPTIONS", "SAMEORIGIN"),
        ("KRATOS_SECURITY_HEADERS_ENABLE_HSTS", "false"),
        (
            "STARTER__SERVER__HTTP__SECURITY_HEADERS__BEHIND_TLS_PROXY",
            "true",
        ),
    ];
    let mut process = start(folder.path(), &variables);
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let json = [("content-type", "application/json")];
    let body = r#"{"username":"ada","password":"wrong4password"}"#;
    let login = || request(http, "POST", "/api/v1/auth/login", &json, body).unwrap();
    assert_eq!([login(), login()].map(|answer| answer.status), [401, 403]);
    let greeting = request(http, "GET", "/helloworld/Ada", &[], "").unwrap();
    assert_eq!(greeting.header("x-frame-options"), Some("SAMEORIGIN"));
    let security = greeting.header("strict-transport-security");
    assert_eq!(security, Some("max-age=0; includeSubDomains; preload"));
}
