use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rustix::process::Signal;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use seaworthy_testkit::{
    authority::{Authority, Identity},
    http::{get, request},
};

use super::{TIMEOUT, trial};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector of traces: every export that it takes comes out of the channel.
fn collector() -> (SocketAddr, Receiver<ExportTraceServiceRequest>) {
    collector_over(Some)
}

/// A collector with TLS.
fn secure_collector(identity: &Identity) -> (SocketAddr, Receiver<ExportTraceServiceRequest>) {
    let certificates = CertificateDer::pem_file_iter(&identity.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&identity.key).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates.map(Result::unwrap).collect(), key);
    let config = Arc::new(config.unwrap());
    collector_over(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).ok()?, stream);
        stream.conn.complete_io(&mut stream.sock).ok()?;
        Some(stream)
    })
}

/// A collector on connections that `accept` returns.
fn collector_over<S: Read + Write>(
    accept: impl Fn(TcpStream) -> Option<S> + Send + 'static,
) -> (SocketAddr, Receiver<ExportTraceServiceRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, taken) = mpsc::channel();
    thread::spawn(move || {
        let streams = listener.incoming().map_while(Result::ok);
        for stream in streams.filter_map(accept) {
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
fn spans_reach_collector_of_private_authority_over_tls_sec_1() {
    let authority = Authority::new("collectors").unwrap();
    let (address, taken) = secure_collector(&authority.server().unwrap());
    let endpoint = format!("tracing.endpoint=https://localhost:{}", address.port());
    let ca_file = format!("tracing.ca_file={}", authority.certificate().display());
    let ratio = "tracing.sample_ratio=1";
    let mut service = trial(&["--set", &endpoint, "--set", &ca_file, "--set", ratio]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    get(public, "/").unwrap();
    taken.recv_timeout(TIMEOUT).unwrap();

    // A certificate of another authority gets no spans.
    let other_authority = Authority::new("collectors").unwrap();
    let ca_file = format!(
        "tracing.ca_file={}",
        other_authority.certificate().display()
    );
    let mut service = trial(&["--set", &endpoint, "--set", &ca_file, "--set", ratio]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    get(public, "/").unwrap();
    service
        .line("spans could not be exported to the collector")
        .unwrap();
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
    assert_eq!(service.wait_with_output().unwrap().status.code(), Some(0));
    assert!(taken.try_iter().next().is_some(), "nothing was flushed");
}

/// Sends requests and stops the service, although the collector accepts no spans.
fn assert_requests_do_not_depend_on(collector: SocketAddr) {
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
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
}

#[test]
fn stopped_collector_delays_no_request_obs_10() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_requests_do_not_depend_on(address);
}

#[test]
fn silent_collector_delays_no_request_obs_10() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_requests_do_not_depend_on(listener.local_addr().unwrap());
}
