//! Requests of guests to other services.

use std::net::TcpListener;

use seaworthy_core::ByteSize;
use seaworthy_plugins::{Capability, GrantConfig};

use crate::{app::Setup, escapes::failures, guest::Guest, server::respond};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"1s\"\n";

/// Returns the error of a request, or the text at 528 after a response.
const RESULT: &str = "(if (result i32) (i32.load8_u (i32.const 600))
    (then
      (i32.store (i32.const 516) (i32.load (i32.const 604)))
      (i32.store (i32.const 520) (i32.load (i32.const 608)))
      (i32.const 512))
    (else (i32.const 528)))";

/// A guest that requests a URL. It fails with the error of the request, or with "sent" after a
/// response.
pub(crate) fn requesting(url: &str) -> Guest {
    Guest::requesting(url, RESULT)
        .with_words(512, &[1, 0, 0])
        .with_words(528, &[1, 1040, 4])
        .with_text(1040, "sent")
}

fn granted(hosts: &[&str], internal_addresses: bool) -> GrantConfig {
    GrantConfig {
        capabilities: vec![Capability::Http],
        http_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        internal_addresses,
        ..GrantConfig::default()
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
    // With or without its port.
    for has_port in [false, true] {
        let (url, _requests) =
            respond("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let host = if has_port { host } else { "127.0.0.1" };
        let app = http_setup(granted(&[host], true), &url, "20s");
        assert_eq!(failures(&app.start().await.unwrap()).await, "sent");
    }
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
async fn redirects_are_not_followed_plug_2() {
    let internal = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = internal.local_addr().unwrap().port();
    for target in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("//127.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "/other".to_owned(),
    ] {
        for status in [302, 307] {
            let (url, mut requests) = respond(&format!(
                "HTTP/1.1 {status} Found\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            ));
            // The grant allows internal addresses, so the test covers only the redirect.
            let app = http_setup(granted(&["127.0.0.1"], true), &url, "20s");
            let app = app.start().await.unwrap();
            assert_eq!(failures(&app).await, "sent", "{status} {target}");
            assert!(requests.recv().await.is_some());
            assert!(requests.try_recv().is_err(), "{status} {target}");
        }
    }
    internal.set_nonblocking(true).unwrap();
    assert!(internal.accept().is_err(), "a redirect was followed");
}

/// A guest that requests a URL with a header. It fails with the error of the request, or with
/// "sent".
fn requesting_with(url: &str, name: &str, value: &str) -> Guest {
    let length = |text: &str| u32::try_from(text.len()).unwrap();
    let body = format!(
        "(call $send (i32.const 1024) (i32.const 4) (i32.const 1100) (i32.const {})
           (i32.const 700) (i32.const 1) (i32.const 1090) (i32.const 4) (i32.const 600)) {RESULT}",
        url.len()
    );
    Guest::hook(&body)
        .import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
        .with_words(512, &[1, 0, 0])
        .with_words(528, &[1, 1040, 4])
        .with_words(700, &[1050, length(name), 1070, length(value)])
        .with_text(1024, "POST")
        .with_text(1040, "sent")
        .with_text(1050, name)
        .with_text(1070, value)
        .with_text(1090, "body")
        .with_text(1100, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_do_not_change_the_host_or_the_frame_plug_2() {
    const FRAME: &str = "headers that frame the message cannot be set";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let more = format!("capabilities = [\"http\"]\n{HOOK}");
    let app = http_setup(granted(&["127.0.0.1"], true), &url, "1s")
        .start()
        .await
        .unwrap();
    for (name, value, expected) in [
        // One address may serve several sites.
        (
            "HoSt",
            "other.test",
            "the header \"host\" follows the URL: remove it",
        ),
        // The rest of the body would be another request.
        ("Content-Length", "0", FRAME),
        ("TRANSFER-ENCODING", "chunked", FRAME),
        ("connection", "host", FRAME),
        ("upgrade", "h2c", FRAME),
        ("te", "trailers", FRAME),
        (":authority", "other.test", "a header is not valid"),
        ("x", "1\r\nhost: x", "a header is not valid"),
    ] {
        app.replace("evil", &more, &requesting_with(&url, name, value));
        app.plugins.reload("evil").await.unwrap();
        let problem = failures(&app).await;
        assert!(problem.ends_with(expected), "{name}: {problem}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "a guest connected");
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

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_plugins_have_no_ids_of_the_service_plug_2() {
    let (url, mut requests) =
        respond("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    let app = http_setup(granted(&["127.0.0.1"], true), &url, "20s");
    assert_eq!(failures(&app.start().await.unwrap()).await, "sent");
    let request = requests.recv().await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("get / http/1.1"), "{request}");
    for header in ["traceparent", "x-request-id", "x-request-timeout-ms"] {
        assert!(!request.contains(header), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_requests_of_a_plugin_do_not_stop_others_plug_2() {
    let (url, _requests) =
        respond("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    // No program listens on this port, so connections are refused.
    let closed = "127.0.0.1:9";
    let more = format!("capabilities = [\"http\"]\n{}", HOOK.replace("1s", "20s"));
    let app = http_setup(
        granted(&["127.0.0.1"], true),
        &format!("http://{closed}/"),
        "20s",
    );
    let grant = granted(&["127.0.0.1"], true);
    let app = app
        .config(|config| drop(config.grants.insert("good".to_owned(), grant)))
        .plugin("good", &more, &requesting(&url))
        .start()
        .await
        .unwrap();
    let mut is_open = false;
    // The circuit breaker of a client opens after five failures in a row.
    for _ in 0..10 {
        let problems = failures(&app).await;
        is_open |= problems.contains("CIRCUIT_OPEN");
        assert!(problems.ends_with("sent"), "{problems}");
    }
    assert!(is_open);
}
