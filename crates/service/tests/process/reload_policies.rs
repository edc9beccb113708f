//! Reloads of the policies of outgoing calls.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_testkit::http::get;
use serde_json::Value;

use super::{trial, until};

/// A partner that responds to each call with 503, and reports it.
fn unavailable_partner() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (attempts, received) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty());
            head.for_each(drop);
            if attempts.send(()).is_err() {
                return;
            }
            let answer =
                "HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, received)
}

#[test]
fn reloaded_retries_apply_to_the_next_call_conf_4() {
    let (address, received) = unavailable_partner();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let write = |attempts: u32| {
        let text = format!(
            "clients:\n  partner:\n    base_url: http://{address}\n    policies:\n      retry: {{ max_attempts: {attempts}, initial_backoff: 1ms }}\n      breaker: {{ mode: \"off\" }}\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write(1);
    let mut service = trial(&["--config", folder.path().to_str().unwrap()]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let count = || {
        assert_eq!(get(public, "/partner").unwrap().status, 503);
        received.try_iter().count()
    };
    assert_eq!(count(), 1);
    write(3);
    service.signal(Signal::HUP).unwrap();
    until("a retried call", || count() == 3);
}

#[test]
fn reloaded_breaker_thresholds_apply_to_the_next_call_conf_4() {
    let (address, received) = unavailable_partner();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let write = |failures: u32| {
        // Only the number of failures in a row can open the breaker, and no probe reaches the
        // partner.
        let text = format!(
            "clients:\n  partner:\n    base_url: http://{address}\n    policies:\n      retry: {{ max_attempts: 1 }}\n      breaker: {{ consecutive_failures: {failures}, min_calls: 1000, open_duration: 1h, probe_interval: 1h }}\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write(0);
    let mut service = trial(&["--config", folder.path().to_str().unwrap()]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let reaches_partner = || {
        assert_eq!(get(public, "/partner").unwrap().status, 503);
        received.try_iter().count() == 1
    };
    for call in 0..30 {
        assert!(reaches_partner(), "call {call}");
    }
    write(2);
    service.signal(Signal::HUP).unwrap();
    until("an open breaker", || !reaches_partner());
    let shown: Value = serde_json::from_str(&get(admin, "/breakers").unwrap().body).unwrap();
    assert_eq!(shown[0]["state"], "open", "{shown}");
    assert_eq!(
        shown[0]["trips"].as_array().map(Vec::len),
        Some(1),
        "{shown}"
    );
}

#[test]
fn reloaded_timeout_and_rate_apply_to_the_next_call_conf_4() {
    // The kernel accepts the connections. They never get a response.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let write = |policies: &str| {
        let text = format!(
            "clients:\n  partner:\n    base_url: http://{address}\n    policies:\n      retry: {{ max_attempts: 1 }}\n      breaker: {{ mode: \"off\" }}\n{policies}"
        );
        std::fs::write(&file, text).unwrap();
    };
    write("      attempt_timeout: 700ms\n");
    let mut service = trial(&["--config", folder.path().to_str().unwrap()]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let call = || {
        let begun = Instant::now();
        let status = get(public, "/partner").unwrap().status;
        (status, begun.elapsed())
    };
    let (status, took) = call();
    assert_eq!(status, 504);
    assert!(took >= Duration::from_millis(700), "{took:?}");
    write("      attempt_timeout: 1ms\n");
    service.signal(Signal::HUP).unwrap();
    until("a shorter timeout", || {
        call().1 < Duration::from_millis(700)
    });
    write("      rate_limit: { requests: 1, window: 1h }\n");
    service.signal(Signal::HUP).unwrap();
    until("a rate limit", || call().0 == 503);
}
