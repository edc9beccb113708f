//! Reloads of the settings and policies of outgoing calls.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
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

/// A partner that responds to each call with this text.
fn partner(text: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            std::thread::spawn(move || {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let ends = lines.map_while(Result::ok).filter(String::is_empty);
                for _ in ends {
                    let length = text.len();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}");
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Sets the flag when it is dropped, also by a panic.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn reloaded_client_loses_no_request_under_load_conf_4() {
    let (first, second) = (partner("first"), partner("second"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let write = |address: SocketAddr, connect_timeout: u32, max_limit: u32| {
        let text = format!(
            "clients:\n  partner:\n    base_url: http://{address}\n    connect_timeout: {connect_timeout}ms\n    policies:\n      attempt_timeout: {connect_timeout}ms\n      adaptive_concurrency: {{ max_limit: {max_limit} }}\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write(first, 9_000, 300);
    let mut service = trial(&["--config", folder.path().to_str().unwrap()]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let (stop, calls) = (
        AtomicBool::new(false),
        [AtomicUsize::new(0), AtomicUsize::new(0)],
    );
    let [of_first, of_second] = &calls;
    std::thread::scope(|scope| {
        let _stop = StopOnDrop(&stop);
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = get(public, "/partner").unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    let count = if answer.body == "first" {
                        of_first
                    } else {
                        of_second
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let turns = [(second, of_second), (first, of_first), (second, of_second)];
        for ((address, count), turn) in turns.into_iter().zip(1..) {
            let before = count.load(Ordering::Relaxed);
            write(address, 9_000 - turn, 300 + turn);
            service.signal(Signal::HUP).unwrap();
            until("calls of the other partner", || {
                count.load(Ordering::Relaxed) > before + 40
            });
            let limit = format!("concurrency_limit{{name=\"partner\"}} {}", 300 + turn);
            until("the adaptive limit", || {
                get(admin, "/metrics").unwrap().body.contains(&limit)
            });
        }
    });
    let before = of_first.load(Ordering::Relaxed);
    assert_eq!(get(public, "/partner").unwrap().body, "second");
    assert_eq!(of_first.load(Ordering::Relaxed), before);
}

#[test]
fn reload_reports_coalescing_as_needing_a_restart_conf_4() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let write = |coalesce: bool| {
        let text = format!(
            "clients:\n  partner:\n    base_url: http://127.0.0.1:1\n    policies: {{ coalesce: {coalesce} }}\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write(false);
    let mut service = trial(&["--config", folder.path().to_str().unwrap()]);
    service.line("\"message\":\"ready\"").unwrap();
    write(true);
    service.signal(Signal::HUP).unwrap();
    service
        .line("\"needs_restart\":\"clients.partner.policies.coalesce\"")
        .unwrap();
}
