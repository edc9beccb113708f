use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rustix::process::Signal;
use seaworthy_testkit::http::{get, request};

use super::{TIMEOUT, trial};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector of traces: every export that it takes comes out of the channel.
fn collector() -> (SocketAddr, Receiver<ExportTraceServiceRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, taken) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|size| size > 0) {
                let head = line.to_ascii_lowercase();
                if let Some(value) = head.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                let is_end = line == "\r\n";
                line.clear();
                if is_end {
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let _ = sender.send(ExportTraceServiceRequest::decode(&*body).unwrap());
                    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    let _ = reader.get_mut().write_all(answer.as_bytes());
                    break;
                }
            }
        }
    });
    (address, taken)
}

#[test]
fn spans_reach_a_collector_with_their_trace_and_service_obs_6() {
    let (address, taken) = collector();
    let mut service = trial(&["--set", &format!("tracing.endpoint=http://{address}")]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let state = ("tracestate", "vendor=opaque");
    request(
        public,
        "GET",
        "/slow/3",
        &[("traceparent", &parent), state],
        "",
    )
    .unwrap();
    let export = taken.recv_timeout(TIMEOUT).unwrap();
    let resource = &export.resource_spans[0];
    let attributes = &resource.resource.as_ref().unwrap().attributes;
    let name = attributes
        .iter()
        .find(|attribute| attribute.key == "service.name")
        .unwrap();
    assert!(
        format!("{:?}", name.value).contains("\"trial\""),
        "{name:?}"
    );
    let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
    let span = spans
        .into_iter()
        .find(|span| span.name == "GET /slow/{millis}")
        .unwrap();
    let hexadecimal = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(hexadecimal(&span.trace_id), TRACE);
    assert_eq!(span.trace_state, "vendor=opaque");
    assert_eq!(hexadecimal(&span.parent_span_id), "00f067aa0ba902b7");
    assert!(span.end_time_unix_nano - span.start_time_unix_nano >= 3_000_000);
}

#[test]
fn last_spans_are_flushed_at_the_stop_life_4() {
    let (address, taken) = collector();
    // Nothing is exported by itself within an hour.
    let mut service = trial(&[
        "--set",
        &format!("tracing.endpoint=http://{address}"),
        "--set",
        "tracing.schedule_delay=1h",
    ]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    request(public, "GET", "/", &[("traceparent", &parent)], "").unwrap();
    service.signal(Signal::TERM).unwrap();
    assert_eq!(service.ended().unwrap().status.code(), Some(0));
    assert!(taken.try_iter().next().is_some(), "nothing was flushed");
}

/// Serves and stops as ever, whatever becomes of the exports.
fn unimpressed_by(collector: SocketAddr) {
    let mut service = trial(&[
        "--set",
        &format!("tracing.endpoint=http://{collector}"),
        "--set",
        "tracing.sample_ratio=1",
        "--set",
        "tracing.max_queue_size=16",
        "--set",
        "lifecycle.flush_timeout=500ms",
    ]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    for _ in 0..200 {
        assert_eq!(get(public, "/").unwrap().status, 200);
    }
    let metrics = get(admin, "/metrics").unwrap().body;
    let dropped = metrics
        .lines()
        .find(|line| line.starts_with("trace_spans_dropped_total"))
        .unwrap();
    assert!(!dropped.ends_with(" 0"), "{dropped}");
    service.signal(Signal::TERM).unwrap();
    let ended = service.ended().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
}

#[test]
fn stopped_collector_delays_no_request_obs_10() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    unimpressed_by(address);
}

#[test]
fn silent_collector_delays_no_request_obs_10() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    unimpressed_by(listener.local_addr().unwrap());
}
