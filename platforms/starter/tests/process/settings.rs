use std::{fs, path::Path};

use seaworthy_testkit::{
    deployment::Deployment,
    document::assert_current,
    http::request,
    process::{ProcessOutput, ServiceProcess},
    unsafe_settings::assert_unsafe_settings_are_rejected,
};

use crate::{app::json_of, logs::end_with_clean_log};

const PROGRAM: &str = env!("CARGO_BIN_EXE_starter");

/// The environment names of the contract.
pub(crate) const ENVIRONMENT: [(&str, &str); 9] = [
    ("ENVIRONMENT", "test"),
    ("JWT_SECRET_KEY", "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e"),
    ("KMS_SEED", "correct-horse-battery-staple-and-a-seed"),
    ("KMS_SALT", "0123456789abcdef"),
    ("REFRESH_TOKEN_EXPIRATION", "7d"),
    ("CAPTCHA_ENABLED", "false"),
    ("LOG_OUTPUT", "stdout"),
    ("GRPC_ADDR", "127.0.0.1:0"),
    ("HEALTH_ADDR", "127.0.0.1:0"),
];

#[test]
fn contract_variables_and_conf_flag_configure_the_service_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("starter.yaml");
    let database = folder.path().join("new/starter.db");
    let text = format!(
        "data:\n  database:\n    url: sqlite:{}\n    migrate_at_start: true\nauth:\n  max_login_attempts: 3\n",
        database.display()
    );
    fs::write(&file, text).unwrap();
    let arguments = ["-conf", file.to_str().unwrap()];
    let mut process = ServiceProcess::start(Path::new(PROGRAM), &arguments, &ENVIRONMENT).unwrap();
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let greeting = request(http, "GET", "/helloworld/Ada", &[], "").unwrap();
    assert_eq!(json_of(&greeting)["message"], "Hello Ada");
    let json = [("content-type", "application/json")];
    let body = r#"{"username":"ada","password":"wrong4password"}"#;
    let statuses: Vec<u16> = (0..4)
        .map(|_| {
            request(http, "POST", "/api/v1/auth/login", &json, body)
                .unwrap()
                .status
        })
        .collect();
    assert_eq!(statuses, [401, 401, 401, 403]);
    end_with_clean_log(process);
}

#[test]
fn unsafe_production_is_rejected_with_every_value_conf_3() {
    let settings = [
        "--set",
        "server.http.addr=0.0.0.0:0",
        "--set",
        "server.http.cors.enabled=true",
        "--set",
        "server.http.cors.allowed_origins=*",
        "--set",
        "auth.jwt_secret_key=secret",
        "--set",
        "data.database.url=postgres://starter@localhost/starter?sslmode=disable",
        "--set",
        "data.redis.url=redis://127.0.0.1:6379",
        "--set",
        "server.http.rate_limit.enabled=false",
        "--set",
        "log.output=file",
    ];
    let environment = [("ENVIRONMENT", "prod")];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &settings, &environment);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    // All needs of an address are named at once.
    for text in [
        "with sslmode=verify-full",
        "with the scheme rediss and a password",
    ] {
        assert!(ended.stderr.contains(text), "{text}: {}", ended.stderr);
    }
    for key in [
        "server.http.cors.allowed_origins",
        "auth.jwt_secret_key",
        "data.database.url",
        "data.redis.url",
        "server.http.rate_limit.enabled",
        "log.output",
        "mail.url",
    ] {
        assert!(ended.stderr.contains(key), "{key}: {}", ended.stderr);
    }
}

#[test]
fn check_reports_values_rules_and_preflight_together_conf_1() {
    let variables = [
        ("ENVIRONMENT", "production"),
        ("MAX_LOGIN_ATTEMPTS", "0"),
        ("ACCESS_TOKEN_EXPIRATION", "8d"),
        ("RATE_LIMIT_ENABLED", "false"),
    ];
    for command in [&["config", "check"][..], &["serve"]] {
        let process = ServiceProcess::spawn(Path::new(PROGRAM), command, &variables);
        let ended = process.unwrap().wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
        for key in [
            "auth.max_login_attempts",
            "auth.access_token_expiration",
            "auth.jwt_secret_key",
            "server.http.rate_limit.enabled",
        ] {
            assert!(ended.stderr.contains(key), "{key}: {}", ended.stderr);
        }
    }
}

#[test]
fn guessable_secrets_are_rejected_in_development_conf_5() {
    for secret in [
        "aaaaaaaaaaaaaaaa",
        "changemechangeme",
        "onlylowercaseletters",
    ] {
        let mut variables = ENVIRONMENT.to_vec();
        variables[0].1 = "development";
        variables[1].1 = secret;
        let process = ServiceProcess::spawn(Path::new(PROGRAM), &[], &variables);
        let ended = process.unwrap().wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(78), "{secret}: {ended:#?}");
        let named = "auth.jwt_secret_key: the key is ";
        assert!(ended.stderr.contains(named), "{}", ended.stderr);
    }
}

#[test]
fn weak_secrets_and_open_stores_are_rejected_in_production_conf_3() {
    let remote = [
        "--set",
        "data.database.url=postgres://starter@postgres.internal/starter?sslmode=verify-full",
        "--set",
        "data.redis.url=rediss://redis.internal:6379",
    ];
    for secret in [
        "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1",
        "changeme-Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e",
        "onlylowercaseletterswithoutanydigitsatall",
    ] {
        let mut variables = ENVIRONMENT.to_vec();
        variables[0].1 = "production";
        variables[1].1 = secret;
        let process = ServiceProcess::spawn(Path::new(PROGRAM), &remote, &variables);
        let ended = process.unwrap().wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(78), "{secret}: {ended:#?}");
        for key in ["auth.jwt_secret_key", "data.redis.url"] {
            assert!(ended.stderr.contains(key), "{key}: {}", ended.stderr);
        }
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
        // CORS without an origin is closed, which is safe.
        assert!(
            !ended.stderr.contains("server.http.cors"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn values_out_of_range_are_rejected_together_conf_2() {
    let wrong = [
        "server.http.addr=nonsense",
        "server.grpc.addr=nonsense",
        "server.http.timeout=0s",
        "server.grpc.timeout=0s",
        "data.database.url=nonsense",
        "auth.max_login_attempts=0",
        "auth.lock_duration=0s",
        "auth.unknown=1",
    ];
    let arguments: Vec<_> = wrong.iter().flat_map(|set| ["--set", set]).collect();
    let ended = refused("production", &arguments);
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    for setting in wrong {
        let (key, _) = setting.split_once('=').unwrap();
        assert!(ended.stderr.contains(key), "{key}: {}", ended.stderr);
    }
}

/// Settings of a deployment that cannot start, and of production that must not.
const WRONG: [&str; 16] = [
    "server.http.addr=0.0.0.0:0",
    "server.grpc.timeout=0s",
    "server.http.cors.enabled=true",
    "server.http.cors.allowed_origins=*",
    "server.http.cors.allow_credentials=true",
    "server.http.tls.certificate=nowhere.pem",
    "server.http.tls.key=nowhere.key",
    "data.database.url=postgres://starter@localhost/starter?sslmode=disable",
    "data.redis.url=redis://127.0.0.1:6379/1",
    "data.redis.db=3",
    "auth.jwt_secret_key=secret",
    "auth.access_token_expiration=7d",
    "auth.refresh_token_expiration=1h",
    "auth.max_login_attempts=0",
    "auth.lock_duration=0s",
    "kms.salt=short",
];

#[test]
fn start_reports_all_problems_and_opens_no_listener_conf_1_conf_3() {
    let arguments: Vec<_> = WRONG.iter().flat_map(|set| ["--set", set]).collect();
    let environment = [("ENVIRONMENT", "production")];
    let process = ServiceProcess::spawn(Path::new(PROGRAM), &arguments, &environment);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    assert_eq!(ended.stdout, Vec::<String>::new(), "no line of the log");
    for (key, problem) in [
        ("server.grpc.timeout", "above zero"),
        ("server.http.cors.allowed_origins", "cors.allow_credentials"),
        ("server.http.tls.certificate", "nowhere.pem"),
        ("data.database.url", "local machine"),
        ("data.redis.url", "local machine"),
        ("data.redis.db", "names another database"),
        ("auth.jwt_secret_key", "sample"),
        ("auth.access_token_expiration", "must be shorter than"),
        ("auth.max_login_attempts", "at least 1"),
        ("auth.lock_duration", "above zero"),
        ("kms.seed", "must be set to at least 32 bytes"),
        ("kms.salt", "must be set to at least 16 bytes"),
    ] {
        let named = format!(": {key}: ");
        let mut lines = ended.stderr.lines();
        let is_named = lines.any(|line| line.contains(&named) && line.contains(problem));
        assert!(is_named, "{key}, {problem}: {}", ended.stderr);
    }
}

#[test]
fn settings_that_contradict_each_other_stop_the_start_conf_2() {
    for (settings, problem) in [
        (
            [
                "auth.access_token_expiration=7d",
                "auth.refresh_token_expiration=1h",
            ],
            "auth.access_token_expiration: must be shorter than auth.refresh_token_expiration",
        ),
        (
            ["auth.issuer=accounts", "auth.document_issuers=starter"],
            "auth.document_issuers: does not contain \"accounts\"",
        ),
        (
            [
                "server.http.cors.allowed_origins=*",
                "server.http.cors.allow_credentials=true",
            ],
            "cors.allowed_origins: \"*\" cannot be combined with cors.allow_credentials",
        ),
        (
            [
                "server.http.tls.certificate=nowhere.pem",
                "server.http.tls.key=nowhere.key",
            ],
            "nowhere.pem",
        ),
    ] {
        let addresses = ["server.http.addr=127.0.0.1:0", "admin.addr=127.0.0.1:0"];
        let all = addresses.iter().chain(&settings);
        let mut arguments: Vec<_> = all.flat_map(|set| ["--set", set]).collect();
        arguments.extend(["--set", "server.http.cors.enabled=true"]);
        let ended = refused("test", &arguments);
        assert_eq!(ended.status.code(), Some(78), "{settings:?}");
        assert!(
            ended.stderr.contains(problem),
            "{problem}: {}",
            ended.stderr
        );
    }
}

/// Starts the program with settings that it rejects.
fn refused(environment: &str, arguments: &[&str]) -> ProcessOutput {
    let mut variables = ENVIRONMENT.to_vec();
    variables[0].1 = environment;
    let process = ServiceProcess::spawn(Path::new(PROGRAM), arguments, &variables);
    process.unwrap().wait_with_output().unwrap()
}

#[test]
fn missing_secrets_stop_the_start_sec_5() {
    let environment: Vec<_> = ENVIRONMENT
        .into_iter()
        .filter(|(name, _)| *name != "KMS_SEED")
        .collect();
    let process = ServiceProcess::spawn(
        Path::new(PROGRAM),
        &[
            "--set",
            "server.http.addr=127.0.0.1:0",
            "--set",
            "admin.addr=127.0.0.1:0",
        ],
        &environment,
    );
    let ended = process.unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    assert!(
        ended.stderr.contains("kms.seed: the seed must be set"),
        "{}",
        ended.stderr
    );
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, kind) in [
        ("docs/settings.md", "docs"),
        ("docs/settings.schema.json", "schema"),
        (".env.example", "env"),
    ] {
        let process = ServiceProcess::spawn(Path::new(PROGRAM), &["config", kind], &[]);
        let lines = process.unwrap().wait_with_output().unwrap().stdout;
        assert_current(&home.join(file), &(lines.join("\n") + "\n"));
    }
    let document = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
    assert_current(&home.join("docs/openapi.json"), document);
}

#[test]
fn production_rejects_unsafe_settings_conf_3() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/starter");
    let deployment = Deployment::new(Path::new(PROGRAM)).unwrap();
    assert_unsafe_settings_are_rejected(&deployment.with_config(&config).unwrap());
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/starter");
    let deployment = Deployment::new(Path::new(PROGRAM)).unwrap();
    let deployment = deployment.with_config(&config).unwrap();
    let check = ["config", "check", "--profile", "production"];
    let ended = deployment.run(&check, &[]).unwrap();
    assert!(ended.status.success(), "{ended:#?}");
}
