//! Attempts of guests to reach what the operator did not grant.

use std::net::TcpListener;

use seaworthy_core::ByteSize;
use seaworthy_plugins::{Capability, GrantConfig, HookCall, HookPoint, PluginErrorCode, pack};

use crate::{
    app::{Setup, TestApp},
    guest::{self, Guest},
    server::respond,
};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"1s\"\n";

/// Interfaces of WASI and of other hosts, with functions that reach files, sockets, processes,
/// clocks, the environment and randomness.
const FOREIGN: [(&str, &str); 20] = [
    ("wasi:filesystem/preopens@0.2.0", "get-directories"),
    ("wasi:filesystem/types@0.2.0", "filesystem-error-code"),
    ("wasi:sockets/instance-network@0.2.0", "instance-network"),
    ("wasi:sockets/tcp-create-socket@0.2.0", "create-tcp-socket"),
    ("wasi:sockets/udp-create-socket@0.2.0", "create-udp-socket"),
    ("wasi:sockets/ip-name-lookup@0.2.0", "resolve-addresses"),
    ("wasi:http/outgoing-handler@0.2.0", "handle"),
    ("wasi:cli/environment@0.2.0", "get-environment"),
    ("wasi:cli/environment@0.2.0", "get-arguments"),
    ("wasi:cli/exit@0.2.0", "exit"),
    ("wasi:cli/stdin@0.2.0", "get-stdin"),
    ("wasi:cli/stdout@0.2.0", "get-stdout"),
    ("wasi:cli/run@0.2.0", "run"),
    ("wasi:clocks/monotonic-clock@0.2.0", "now"),
    ("wasi:clocks/wall-clock@0.2.0", "now"),
    ("wasi:random/random@0.2.0", "get-random-u64"),
    ("wasi:random/insecure-seed@0.2.0", "insecure-seed"),
    ("wasi:io/poll@0.2.0", "poll"),
    ("wasi:logging/logging", "log"),
    ("other:host/memory", "read"),
];

/// Interfaces that the host does not serve to a plugin of the version `0.1.0`.
const OTHER: [(&str, &str); 2] = [
    ("seaworthy:plugin/clock@0.2.0", "now"),
    ("seaworthy:plugin/admin@0.1.0", "get"),
];

/// The functions of the capabilities, with their types in a core module.
const OWN: [(Capability, &str, &str, &str); 5] = [
    (Capability::Log, "log", "write", "(param i32 i32 i32)"),
    (Capability::Clock, "clock", "now", "(result i64)"),
    (
        Capability::Config,
        "configuration",
        "get",
        "(param i32 i32 i32)",
    ),
    (
        Capability::KeyValue,
        "key-value",
        "delete",
        "(param i32 i32)",
    ),
    (
        Capability::Http,
        "http",
        "send",
        "(param i32 i32 i32 i32 i32 i32 i32 i32 i32)",
    ),
];

const NOT_GRANTED: &str = "the host is not granted: list it in http_hosts";
const NOT_VALID: &str = "the URL is not valid: use an absolute URL";

/// Expects that the load of a component fails because of its imports.
async fn refuse(app: &TestApp, name: &str, component: &[u8], what: &str) {
    let folder = app.folder.path().join("plugins");
    guest::write(&folder, name, "", component, &app.key);
    let refused = app.plugins.load(name).await.unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::LoadFailed, "{what}");
    let text = seaworthy_core::error_chain(&refused).to_string();
    let problem = format!(
        "plugin \"{name}\": the component imports an interface that the manifest does not request: "
    );
    assert!(text.starts_with(&problem), "{what}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_interfaces_cannot_be_imported_plug_2() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .start()
        .await
        .unwrap();
    let attempts = FOREIGN.iter().chain(&OTHER);
    for (number, (interface, function)) in attempts.enumerate() {
        let text = format!(
            "(component (import \"{interface}\" (instance (export \"{function}\" (func)))))"
        );
        let component = wat::parse_str(text).unwrap();
        refuse(&app, &format!("escape-{number}"), &component, interface).await;
    }
    // `pack` rejects a core module with imports of WASI 0.1.
    let module = "(module (import \"wasi_snapshot_preview1\" \"path_open\" (func)))";
    let packed = pack(
        module.as_bytes(),
        seaworthy_plugins::Interface::V0_1,
        "request-hook",
    );
    assert!(packed.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn own_interfaces_need_their_capability_plug_2() {
    let mut setup = Setup::new().config(|config| config.auto_load = Some(false));
    for (number, (capability, ..)) in OWN.iter().enumerate() {
        setup = setup.grant(&format!("own-{number}"), &[*capability]);
    }
    let app = setup.start().await.unwrap();
    for (number, (capability, interface, function, signature)) in OWN.iter().enumerate() {
        let guest = Guest::quiet().import(interface, function, signature);
        refuse(&app, &format!("escape-{number}"), &guest.build(), interface).await;
        // The same component with the capability is loaded.
        let name = format!("own-{number}");
        let more = format!("capabilities = [\"{}\"]\n", capability.as_str());
        app.replace(&name, &more, &guest);
        app.plugins.load(&name).await.unwrap();
    }
}

/// Calls the hooks and returns their problems.
async fn failures(app: &TestApp) -> String {
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    let failed = report.failed.into_iter().map(|(_, problem)| problem);
    failed.collect()
}

/// Writes the key if it is missing, and fails. Otherwise traps unless the value is "key".
const WRITE: &str = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
    (if (result i32) (i32.load8_u (i32.const 600))
      (then
        (if (i32.ne (i32.load (i32.const 608)) (i32.const 3)) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.load (i32.const 604))) (i32.const 107)) (then unreachable))
        (i32.const 16))
      (else
        (call $set (i32.const 1024) (i32.const 3) (i32.const 1024) (i32.const 3) (i32.const 600))
        (i32.const 512)))";
/// Traps if the key exists.
const READ: &str = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then unreachable)) (i32.const 16)";

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_visible_to_their_plugin_only_plug_2() {
    let more = format!("capabilities = [\"key_value\"]\n{HOOK}");
    let guest = |body| {
        Guest::hook(body)
            .import("key-value", "get", "(param i32 i32 i32)")
            .import("key-value", "set", "(param i32 i32 i32 i32 i32)")
            .with_words(512, &[1, 1040, 7])
            .with_text(1024, "key")
            .with_text(1040, "written")
    };
    let app = Setup::new()
        .grant("a-writer", &[Capability::KeyValue])
        .grant("b-reader", &[Capability::KeyValue])
        .plugin("a-writer", &more, &guest(WRITE))
        .plugin("b-reader", &more, &guest(READ))
        .start()
        .await
        .unwrap();
    // The reader runs after the writer, and does not find the key.
    assert_eq!(failures(&app).await, "written");
    // The writer finds its own key in a later call.
    assert_eq!(failures(&app).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_of_a_guest_has_steps_of_ten_milliseconds_plug_2() {
    // Traps at other times, and at times before the year 2020.
    let body = "(local $now i64) (local.set $now (call $now))
        (if (i32.wrap_i64 (i64.rem_u (local.get $now) (i64.const 10))) (then unreachable))
        (if (i64.lt_u (local.get $now) (i64.const 1577836800000)) (then unreachable))
        (i32.const 16)";
    let guest = Guest::hook(body).import("clock", "now", "(result i64)");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .grant("evil", &[Capability::Clock])
        .plugin(
            "evil",
            &format!("capabilities = [\"clock\"]\n{HOOK}"),
            &guest,
        )
        .start()
        .await
        .unwrap();
    // A clock with smaller steps shows in one of these milliseconds.
    let mut digits = std::collections::BTreeSet::new();
    while digits.len() < 5 {
        digits.insert(chrono::Utc::now().timestamp_millis() % 10);
        assert_eq!(failures(&app).await, "");
    }
}

/// A guest that requests a URL. It fails with the error of the request, or with "sent" after a
/// response.
fn requesting(url: &str) -> Guest {
    let then = "(if (result i32) (i32.load8_u (i32.const 600))
           (then
             (i32.store (i32.const 516) (i32.load (i32.const 604)))
             (i32.store (i32.const 520) (i32.load (i32.const 608)))
             (i32.const 512))
           (else (i32.const 528)))";
    Guest::requesting(url, then)
        .with_words(512, &[1, 0, 0])
        .with_words(528, &[1, 1040, 4])
        .with_text(1040, "sent")
}

fn granted(hosts: &[&str], internal_addresses: bool) -> GrantConfig {
    GrantConfig {
        capabilities: vec![Capability::Http],
        http_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        internal_addresses,
    }
}

fn http_setup(grant: GrantConfig, url: &str, timeout: &str) -> Setup {
    let more = format!(
        "capabilities = [\"http\"]\n{}",
        HOOK.replace("\"1s\"", &format!("\"{timeout}\""))
    );
    Setup::new()
        .config(|config| {
            // Each reload calls the guest, and a loaded machine uses more than the default share.
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("evil".to_owned(), grant);
        })
        .plugin("evil", &more, &requesting(url))
}

#[tokio::test(flavor = "multi_thread")]
async fn granted_host_responds_plug_2() {
    let (url, _requests) =
        respond("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    let app = http_setup(granted(&["127.0.0.1"], true), &url, "20s");
    assert_eq!(failures(&app.start().await.unwrap()).await, "sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_response_is_not_read_to_its_end_plug_2() {
    const MAX: u64 = 64 * 1024;
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
    let part = "x".repeat(128 * 1024);
    // The rest never arrives, so a read of the whole response would last until the timeout.
    for response in [
        format!("{head}content-length: 100000\r\n\r\n"),
        format!("{head}transfer-encoding: chunked\r\n\r\n20000\r\n{part}"),
    ] {
        let (url, _requests) = respond(&response);
        let app = http_setup(granted(&["127.0.0.1"], true), &url, "20s")
            .config(|config| config.security.max_payload_size = ByteSize::bytes(MAX));
        let problem = failures(&app.start().await.unwrap()).await;
        assert_eq!(problem, "the response has more than 65536 bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_granted_public_hosts_are_reached_plug_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = http_setup(granted(&["granted.test"], false), "/", "1s")
        .start()
        .await
        .unwrap();
    let more = format!("capabilities = [\"http\"]\n{HOOK}");
    for (url, expected) in [
        ("file:///etc/passwd", NOT_VALID),
        ("http://other.test/", NOT_GRANTED),
        ("http://granted.test.other.test/", NOT_GRANTED),
        ("http://granted.test@other.test/", NOT_GRANTED),
        ("http://other.test\\@granted.test/", NOT_VALID),
        ("http://other.test#@granted.test/", NOT_GRANTED),
        ("http://xgranted.test/", NOT_GRANTED),
        (&format!("http://127.0.0.1:{port}/"), NOT_GRANTED),
        ("http://[::1]/", NOT_GRANTED),
        ("http://169.254.169.254/latest/meta-data", NOT_GRANTED),
    ] {
        app.replace("evil", &more, &requesting(url));
        app.plugins.reload("evil").await.unwrap();
        assert_eq!(failures(&app).await, expected, "{url}");
    }
    // The service also rejects a granted host with an internal address.
    let url = format!("http://127.0.0.1:{port}/");
    let app = http_setup(granted(&["127.0.0.1"], false), &url, "1s");
    let problem = failures(&app.start().await.unwrap()).await;
    let expected = format!(
        "127.0.0.1:{port}: 127.0.0.1 is not a public address: set addresses to \"any\" to allow it"
    );
    assert_eq!(problem, expected);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "a guest connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_request_ends_at_the_timeout_plug_2() {
    // The system accepts the connections, and nothing responds.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = http_setup(granted(&["127.0.0.1"], true), &url, "100ms")
        .start()
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    let problem = failures(&app).await;
    assert_eq!(problem, "exceeded its timeout of 100ms");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    // The connection is closed.
    let (mut connection, _) = listener.accept().unwrap();
    let read = std::io::Read::read_to_end(&mut connection, &mut Vec::new());
    assert!(read.is_ok(), "{read:?}");
    assert_eq!(app.orders().0, 200, "the service continues");
}

#[tokio::test(flavor = "multi_thread")]
async fn host_header_does_not_reach_another_site_plug_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/");
    let length = url.len();
    // One header: host = "other.test".
    let body = format!(
        "(call $send (i32.const 1024) (i32.const 3) (i32.const 1100) (i32.const {length})
           (i32.const 700) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 600))
         (i32.const 16)"
    );
    let guest = Guest::hook(&body)
        .import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
        .with_words(700, &[1050, 4, 1060, 10])
        .with_text(1024, "GET")
        .with_text(1050, "HoSt")
        .with_text(1060, "other.test")
        .with_text(1100, &url);
    let more = format!("capabilities = [\"http\"]\n{HOOK}");
    let app = http_setup(granted(&["127.0.0.1"], true), "/", "1s")
        .plugin("evil", &more, &guest)
        .start()
        .await
        .unwrap();
    let plugins = app.plugins.clone();
    let call = tokio::spawn(async move {
        let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        call.await.unwrap()
    });
    call.await.unwrap();
    listener.set_nonblocking(true).unwrap();
    if let Ok((mut connection, _)) = listener.accept() {
        connection.set_nonblocking(false).unwrap();
        let mut request = Vec::new();
        drop(std::io::Read::read_to_end(&mut connection, &mut request));
        let request = String::from_utf8_lossy(&request).to_ascii_lowercase();
        assert!(!request.contains("other.test"), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_requests_count_towards_the_payload_plug_2() {
    const MAX: u64 = 65_536;
    const URL: &str = "http://other.test/";
    let length = URL.len();
    // A hundred requests, each with a header of 1000 bytes. The host rejects them.
    let body = format!(
        "(local $left i32)
         (local.set $left (i32.const 100))
         (loop $next
           (call $send (i32.const 1024) (i32.const 3) (i32.const 1100) (i32.const {length})
             (i32.const 700) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 600))
           (local.set $left (i32.sub (local.get $left) (i32.const 1)))
           (br_if $next (local.get $left)))
         (i32.const 16)"
    );
    let guest = Guest::hook(&body)
        .import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
        .with_words(700, &[1050, 4, 4096, 1000])
        .with_text(1024, "GET")
        .with_text(1050, "text")
        .with_text(1100, URL);
    let more = format!("capabilities = [\"http\"]\n{HOOK}");
    let app = http_setup(granted(&["granted.test"], false), "/", "1s")
        .config(|config| config.security.max_payload_size = ByteSize::bytes(MAX))
        .plugin("evil", &more.replace("1s", "30s"), &guest)
        .start()
        .await
        .unwrap();
    let problem = failures(&app).await;
    assert_eq!(problem, "exceeded the payload limit of 65536 bytes");
}
