//! HTTP methods, rate limits, CORS, request IDs, public metrics and legacy variables.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use seaworthy_testkit::{
    http::{get, request},
    process::ServiceProcess,
};
use serde_json::Value;
use tonic::Code;

use crate::{
    app::{SymbolsApp, symbol},
    calls::{channel, raw},
    worker::start_worker,
};

/// Sends a HEAD request and returns the response.
fn head(service: &SymbolsApp, path: &str) -> String {
    let mut stream = TcpStream::connect(service.http).unwrap();
    let request = format!("HEAD {path} HTTP/1.1\r\nhost: symbols\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn head_is_method_not_allowed_api_2() {
    let service = SymbolsApp::start(&[]);
    service.create(7, 1);
    for (path, allowed) in [
        ("/v1/symbols/1", "GET, PUT, DELETE, OPTIONS"),
        ("/v1/projects/7/symbols", "GET, OPTIONS"),
        ("/v1/symbols", "POST, OPTIONS"),
    ] {
        let head = head(&service, path);
        assert!(head.starts_with("HTTP/1.1 405 "), "{path}: {head}");
        let allow = format!("allow: {allowed}\r\n");
        assert!(
            head.to_ascii_lowercase()
                .contains(&allow.to_ascii_lowercase()),
            "{path}: {head}"
        );
    }
    assert!(head(&service, "/v1/nothing").starts_with("HTTP/1.1 404 "));
    assert_eq!(service.send("GET", "/v1/symbols/1/", "").status, 404);
}

#[tokio::test]
async fn unknown_grpc_method_is_unimplemented_api_2() {
    let service = SymbolsApp::start(&[]);
    let channel = channel(&service).await;
    let method = "/service.symbols.v1.SymbolsService/Nothing";
    let status = raw(&channel, method, b"\0\0\0\0\0").await;
    assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
}

#[test]
fn rate_limit_has_error_of_the_contract_res_6() {
    let service = SymbolsApp::start(&[
        "--set",
        "server.http.rate_limit.enabled=true",
        "--set",
        "server.http.rate_limit.window=1s",
        "--set",
        "server.http.rate_limit.requests=1",
    ]);
    let answers = [1, 2, 3].map(|_| service.send("GET", "/v1/symbols/1", ""));
    let limited = answers.iter().find(|answer| answer.status == 429).unwrap();
    let problem: Value = serde_json::from_str(&limited.body).unwrap();
    assert_eq!(problem["code"], 429, "{problem}");
    assert_eq!(problem["reason"], "RATELIMIT", "{problem}");
    assert_eq!(
        problem["message"],
        "service unavailable due to rate limit exceeded"
    );
}

#[test]
fn cors_allows_only_configured_origins_sec_2() {
    let service = SymbolsApp::start(&[
        "--set",
        "server.http.cors.enabled=true",
        "--set",
        "server.http.cors.allowed_origins=https://app.example.org",
    ]);
    let preflight = |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            (
                "access-control-request-headers",
                "content-type,x-request-id",
            ),
        ];
        request(service.http, "OPTIONS", "/v1/symbols/1", &headers, "").unwrap()
    };
    let allowed = preflight("https://app.example.org");
    assert!(matches!(allowed.status, 200 | 204), "{}", allowed.status);
    for (header, value) in [
        ("access-control-allow-origin", "https://app.example.org"),
        ("access-control-max-age", "3600"),
    ] {
        assert_eq!(allowed.header(header), Some(value));
    }
    let methods = allowed.header("access-control-allow-methods").unwrap();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert!(methods.contains(method), "{methods}");
    }
    let refused = preflight("https://other.example.org");
    assert_eq!(refused.header("access-control-allow-origin"), None);
    let headers = [("origin", "https://app.example.org")];
    let answer = request(service.http, "GET", "/v1/symbols/1", &headers, "").unwrap();
    assert!(
        answer
            .header("vary")
            .unwrap()
            .to_ascii_lowercase()
            .contains("origin")
    );
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(
        exposed.to_ascii_lowercase().contains("x-request-id"),
        "{exposed}"
    );
}

#[test]
fn request_id_accepts_every_uuid_format_obs_7() {
    let service = SymbolsApp::start(&[]);
    for id in [
        "1b4e28ba-2fa1-4d1c-883f-0016d3cca427",
        "1b4e28ba2fa14d1c883f0016d3cca427",
        "urn:uuid:1b4e28ba-2fa1-4d1c-883f-0016d3cca427",
        "{1b4e28ba-2fa1-4d1c-883f-0016d3cca427}",
    ] {
        // The ID is also in errors of routing and parsing.
        for path in ["/v1/symbols/5", "/v1/symbols/abc", "/v1/nothing"] {
            let headers = [("x-request-id", id)];
            let answer = request(service.http, "GET", path, &headers, "").unwrap();
            let returned = answer.header("x-request-id").unwrap();
            assert!(returned.contains("1b4e28ba"), "{id} became {returned}");
        }
    }
}

#[test]
fn locked_database_is_database_error_api_2() {
    let service = SymbolsApp::start(&["--set", "database.lock_timeout=200ms"]);
    let url = format!("sqlite:{}", service.database_path().display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lock = runtime.block_on(async {
        let config = seaworthy::data::DatabaseConfig::from_url(url.parse().unwrap());
        let other = seaworthy::data::Database::builder("test", config);
        other.open().await.unwrap().begin().await.unwrap()
    });
    let answer = service.send("POST", "/v1/symbols", &symbol(7, 1));
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (answer.status, &problem["reason"]),
        (503, &"DATABASE_ERROR".into())
    );
    assert_eq!(problem["message"], "database operation failed");
    runtime.block_on(lock.rollback()).unwrap();
    service.create(7, 1);
}

#[test]
fn public_listener_has_metrics_unless_disabled_obs_4() {
    let status_and_body = |path: &str, arguments: &[&str]| {
        let answer = SymbolsApp::start(arguments).send("GET", path, "");
        (answer.status, answer.body)
    };
    for (path, setting) in [
        ("/metrics", "public_metrics.enabled=true"),
        ("/metrics", "public_metrics.path="),
        ("/measured", "public_metrics.path=/measured"),
    ] {
        let (status, body) = status_and_body(path, &["--set", setting]);
        assert_eq!(status, 200, "{setting}: {body}");
        assert!(body.contains("symbol_service_build_info{"), "{body}");
    }
    assert_eq!(status_and_body("/metrics", &[]).0, 200);
    let disabled = ["--set", "public_metrics.enabled=false"];
    assert_eq!(status_and_body("/metrics", &disabled).0, 404);
}

/// Returns the effective settings of a program for environment variables.
fn settings(program: &str, environment: &[(&str, &str)]) -> String {
    let arguments = ["config", "show"];
    let process = ServiceProcess::spawn(Path::new(program), &arguments, environment);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
    ended.stdout.join("\n")
}

#[test]
fn legacy_variables_are_settings_conf_1() {
    let environment = [
        ("LOG_LEVEL", "error"),
        ("LOG_FORMAT", "json"),
        (
            "DB_DSN",
            "symbols:pass@tcp(db:3306)/symbols?parseTime=True&loc=Local",
        ),
        ("DB_MAX_IDLE_CONNS", "11"),
        ("DB_MAX_OPEN_CONNS", "101"),
        ("DB_CONN_MAX_LIFETIME", "14401s"),
        ("MQ_ADDR", "amqp://symbols:pass@rabbitmq:5672/"),
        ("MQ_DIAL_TIMEOUT", "31s"),
        ("MQ_EXCHANGE_NAME", "other_events"),
        ("MQ_EXCHANGE_TYPE", "topic"),
        ("MQ_QUEUE_NAME", "other_queue"),
        ("MQ_QUEUE_BINDING_KEY", "symbol.created"),
        ("MQ_QUEUE_PREFETCH_COUNT", "12"),
        ("MQ_QUEUE_WORKER_COUNT", "6"),
        ("METRICS_PATH", "/measured"),
        // The service ignores this variable.
        ("METRICS_SERVICE_NAME", "symbols"),
    ];
    let both = [
        "log.level = \"error\"",
        "log.format = \"json\"",
        "database.url = \"symbols:***@tcp(db:3306)/symbols?parseTime=True&loc=Local\"",
        "database.pool.min_connections = 11",
        "database.pool.max_connections = 101",
        "database.pool.max_lifetime = \"14401s\"",
        "broker.url = \"amqp://symbols:***@rabbitmq:5672/\"",
        "broker.rabbitmq.connect_timeout = \"31s\"",
        "broker.rabbitmq.exchange = \"other_events\"",
        "broker.rabbitmq.exchange_type = \"topic\"",
    ];
    let service = settings(env!("CARGO_BIN_EXE_symbols"), &environment);
    let worker = settings(env!("CARGO_BIN_EXE_symbols-worker"), &environment);
    for line in both {
        assert!(service.contains(line), "{line} in {service}");
        assert!(worker.contains(line), "{line} in {worker}");
    }
    let line = "public_metrics.path = \"/measured\"";
    assert!(service.contains(line), "{line} in {service}");
    for line in [
        "queue.name = \"other_queue\"",
        "queue.binding_key = \"symbol.created\"",
        "queue.prefetch_count = 12",
        "queue.worker_count = 6",
    ] {
        assert!(worker.contains(line), "{line} in {worker}");
    }
}

#[test]
fn rejection_before_ready_has_the_form_of_the_contract_api_2() {
    // Nothing listens on this port, so the start waits for the database.
    let settings = [
        "--set",
        "database.url=postgres://symbols@127.0.0.1:1/symbols",
        "--set",
        "broker.url=memory:",
        "--set",
        "connect.total_timeout=5m",
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_symbols"));
    let mut process = ServiceProcess::start(program, &settings, &[]).unwrap();
    let (http, _) = process.addresses().unwrap();
    let refused = get(http, "/v1/symbols/1").unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.header("x-unprocessed"), Some("starting"));
    let body: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(body["code"], 503, "{body}");
    assert_eq!(body["reason"], "STARTING", "{body}");
    assert_eq!(body["message"], "the service is starting", "{body}");
    assert_eq!(body["metadata"], serde_json::json!({}), "{body}");
}

#[test]
fn check_rejects_settings_that_prevent_a_start_conf_1() {
    let symbols = env!("CARGO_BIN_EXE_symbols");
    let worker = env!("CARGO_BIN_EXE_symbols-worker");
    for (program, variable, key) in [
        (symbols, ("METRICS_PATH", "metrics"), "public_metrics.path"),
        (
            symbols,
            ("MQ_EXCHANGE_NAME", ""),
            "broker.rabbitmq.exchange",
        ),
        (worker, ("MQ_EXCHANGE_NAME", ""), "broker.rabbitmq.exchange"),
    ] {
        for command in [&["config", "check"][..], &["serve"]] {
            let process = ServiceProcess::spawn(Path::new(program), command, &[variable]);
            let ended = process.unwrap().wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
            assert!(ended.stderr.contains(key), "{key}: {}", ended.stderr);
        }
    }
}

#[test]
fn legacy_configuration_file_names_its_replacement_conf_1() {
    const SENTENCE: &str = "data: the key is not supported: this is a file of the legacy service, \
        and docs/symbols.md has the settings that replace it";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let legacy = "log:\n  level: ${LOG_LEVEL:error}\nserver:\n  http:\n    addr: 0.0.0.0:8000\n    \
        network: tcp\ndata:\n  database:\n    driver: mysql\n    source: ${DB_DSN}\n  mq:\n    \
        addr: amqp://rabbitmq\n";
    std::fs::write(&file, legacy).unwrap();
    let path = file.to_str().unwrap();
    for program in [
        env!("CARGO_BIN_EXE_symbols"),
        env!("CARGO_BIN_EXE_symbols-worker"),
    ] {
        let texts = ["--conf", "-conf", "--config"].map(|flag| {
            let process = ServiceProcess::spawn(Path::new(program), &[flag, path, "serve"], &[]);
            let ended = process.unwrap().wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(78), "{}", ended.stderr);
            ended.stderr
        });
        for text in &texts {
            assert_eq!(text.matches(SENTENCE).count(), 1, "{text}");
            assert_eq!(text, &texts[0]);
        }
    }
}

#[test]
fn default_settings_run_service_and_worker_together_conf_1() {
    let defaults = settings(env!("CARGO_BIN_EXE_symbols"), &[]);
    let worker_defaults = settings(env!("CARGO_BIN_EXE_symbols-worker"), &[]);
    let line = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split('#').next().unwrap().to_owned()
    };
    for key in ["server.http.addr", "admin.addr", "database.url"] {
        assert_ne!(line(&defaults, key), line(&worker_defaults, key), "{key}");
    }
    assert_eq!(
        line(&defaults, "broker.url"),
        line(&worker_defaults, "broker.url")
    );
    let worker = start_worker(tempfile::tempdir().unwrap().path(), &[]);
    assert_eq!(get(worker.admin, "/livez").unwrap().status, 200);
}
