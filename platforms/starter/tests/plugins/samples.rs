//! The plugins of `examples/plugins` in the program.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use seaworthy_testkit::{
    app::TestApp,
    eventually,
    http::{get, request},
};

use serde_json::Value;

use crate::{
    folder::Folder,
    guard::{MANIFEST, PROCEEDS, module},
    logs::remember,
};

/// The timeout of an export: a slow machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(30);

const USER: &str = r#"{"username":"ada","password":"wonderful4weather"}"#;
/// The same user with addresses.
const REGISTRATION: &str = r#"{"username":"ada","password":"wonderful4weather","email":"countess@example.org","phone":"13800001234"}"#;

/// Returns the ID of the request in a line of the plugin `audit_logger`, and the text after it.
fn request_of(line: &str) -> (&str, &str) {
    let (_, text) = line.split_once(" request=").unwrap();
    text.split_once(' ').unwrap()
}

#[test]
fn audit_logger_logs_operations_and_events_plug_1() {
    let folder = Folder::new();
    folder.add_sample("audit_logger", "hooks-and-events");
    let grant = "plugins.grants.audit_logger.capabilities=log";
    let mut app = folder.app().setting(grant).start().unwrap();
    let path = "/api/v1/auth/register";
    let created = app.send("POST", path, REGISTRATION).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    let line = app.process.line("after_biz request=").unwrap();
    // A plugin without the capability `clock` gets a hash instead of an ID that has the time.
    let (id, rest) = request_of(&line);
    let is_hash = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash, "{line}");
    assert!(
        rest.starts_with("operation=auth.v1.Auth/Register"),
        "{line}"
    );
    let line = app.process.line("event data.created id=").unwrap();
    assert!(line.contains(r#"\"user\":\""#), "the new user: {line}");
    let login = app.send("POST", "/api/v1/auth/login", USER).unwrap();
    assert_eq!(login.status, 200, "{}", login.body);
    let line = app.process.line("event user.login id=").unwrap();
    assert!(line.contains("source=starter"), "{line}");
    let metrics = get(app.admin, "/metrics").unwrap().body;
    let calls = "plugin_calls_total{plugin=\"audit_logger\"}";
    assert!(metrics.contains(calls), "{metrics}");
}

#[test]
fn audit_logger_logs_authentications_and_plugins_plug_1() {
    let folder = Folder::new();
    folder.add_sample("audit_logger", "hooks-and-events");
    folder.add_sample("auth_enhancer", "request-hook");
    let mut app = folder.app();
    for grant in [
        "auth_enhancer.capabilities=config,events",
        "audit_logger.capabilities=log",
    ] {
        app = app.setting(&format!("plugins.grants.{grant}"));
    }
    let mut app = app.start().unwrap();
    // The plugins load in alphabetical order.
    for kind in ["plugin.loaded", "plugin.started"] {
        let line = app.process.line(&format!("event {kind} id=")).unwrap();
        assert!(line.contains("source=plugins"), "{line}");
    }
    let created = app.send("POST", "/api/v1/auth/register", USER).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    app.process.line("after_auth request=").unwrap();
    let login = app.send("POST", "/api/v1/auth/login", USER).unwrap();
    let body: Value = serde_json::from_str(&login.body).unwrap();
    let token = body["access_token"].as_str().unwrap();
    remember(token);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let ended = request(app.http, "POST", "/api/v1/auth/logout", &headers, "{}").unwrap();
    assert_eq!(ended.status, 200, "{}", ended.body);
    let event = app.process.line("event user.logout id=").unwrap();
    let line = app.process.line("operation=auth.v1.Auth/Logout").unwrap();
    let (_, rest) = request_of(&line);
    let (actor, _) = rest.split_once(" operation=").unwrap();
    let actor = actor.strip_prefix("actor=").unwrap();
    assert!(
        event.contains(&format!(r#"\"user\":\"{actor}\""#)),
        "{event}"
    );
}

#[test]
fn auth_enhancer_rejects_blocked_addresses_plug_1() {
    let folder = Folder::new();
    folder.add_sample("auth_enhancer", "request-hook");
    folder.configure(
        "auth_enhancer",
        "settings:\n  blocked_addresses: \"10.0.0.9, 127.0.0.1\"\n",
    );
    folder.add_sample("audit_logger", "hooks-and-events");
    let mut app = folder.app();
    for grant in [
        "auth_enhancer.capabilities=config,events",
        "auth_enhancer.event_types=address.blocked",
        "audit_logger.capabilities=log",
    ] {
        app = app.setting(&format!("plugins.grants.{grant}"));
    }
    let mut app = app.start().unwrap();
    let profile = |app: &TestApp| app.send("GET", "/api/v1/auth/profile", "").unwrap();
    let refused = profile(&app);
    assert_eq!(refused.status, 403, "{}", refused.body);
    let problem: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(problem["reason"], "PLUGIN_REJECTED", "{problem}");
    assert_eq!(problem["detail"], "this address is blocked", "{problem}");
    // The other plugin gets the event of this one.
    let line = app.process.line("event address.blocked id=").unwrap();
    let expected = r#"source=plugins/auth_enhancer data={\"address\":\"127.0.0.1\"}"#;
    assert!(line.contains(expected), "{line}");
    // An address is compared as a whole.
    folder.configure(
        "auth_enhancer",
        "settings:\n  blocked_addresses: \"127.0.0.10,127.0.0\"\n",
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || profile(&app).status != 403));
}

#[test]
fn lines_above_the_budget_of_a_plugin_are_dropped_plug_2() {
    const REQUESTS: usize = 50;
    let folder = Folder::new();
    folder.add_sample("audit_logger", "hooks-and-events");
    let app = folder.app();
    let app = app.setting("plugins.grants.audit_logger.capabilities=log");
    let app = app
        .setting("plugins.security.max_log_lines_per_second=1")
        .start()
        .unwrap();
    for _ in 0..REQUESTS {
        assert_eq!(get(app.http, "/helloworld/Ada").unwrap().status, 200);
    }
    let metrics = get(app.admin, "/metrics").unwrap().body;
    let dropped = "plugin_log_lines_dropped_total{plugin=\"audit_logger\"} ";
    assert!(metrics.contains(dropped), "{metrics}");
    let written = app.stop().unwrap().stdout;
    let written = written
        .iter()
        .filter(|line| line.contains("a plugin logged a message"));
    let written = written.count();
    // A loaded machine may need some seconds for the requests.
    assert!((1..REQUESTS / 2).contains(&written), "{written}");
}

/// Starts a collector of traces. Returns its address and the bytes that it receives.
fn collector() -> (SocketAddr, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, bytes) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let sender = sender.clone();
            thread::spawn(move || {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    let _ = sender.send(buffer[..count].to_vec());
                    // Respond to each part, because the collector does not parse requests.
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, bytes)
}

#[test]
fn calls_of_a_sampled_trace_have_spans_plug_1() {
    let (address, bytes) = collector();
    let folder = Folder::new();
    folder.add_sample("audit_logger", "hooks-and-events");
    // The hook runs in a task of its own, after the end of the request.
    let manifest = MANIFEST.replace("before_biz", "after_response");
    let manifest = manifest.replace("veto = true\n", "");
    folder.add("guard", &manifest, &module(PROCEEDS), "hooks-and-events");
    let app = folder.app();
    let app = app.setting("plugins.grants.audit_logger.capabilities=log");
    let app = app.setting(&format!("tracing.endpoint=http://{address}"));
    let app = app.setting("tracing.schedule_delay=10ms").start().unwrap();
    let sampled = [(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )];
    let mut seen = Vec::new();
    let contains =
        |seen: &[u8], part: &str| seen.windows(part.len()).any(|at| at == part.as_bytes());
    request(app.http, "GET", "/helloworld/Ada", &sampled, "").unwrap();
    let parts = ["plugin.call", "after_auth", "after_response"];
    while !parts.iter().all(|part| contains(&seen, part)) {
        seen.extend(bytes.recv_timeout(TIMEOUT).unwrap());
    }
    assert!(contains(&seen, "audit_logger"));
    for attribute in ["name", "version", "sha256", "function"] {
        let attribute = format!("plugin.{attribute}");
        assert!(contains(&seen, &attribute), "{attribute}");
    }
}
