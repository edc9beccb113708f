use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_testkit::{
    http::{Connection, get},
    process::{ServiceProcess, example},
};

use super::trial;

const ROUNDS: u32 = 20;
const CLIENTS: u32 = 64;

/// Sends requests until the service closes the connection. A request that was sent and never
/// answered is lost.
fn hammer(address: SocketAddr, answered: &AtomicU32) -> Result<(), String> {
    let mut connection =
        Connection::open(address).map_err(|error| format!("not connected: {error}"))?;
    loop {
        let answer = connection
            .send("GET", "/slow/2", &[], "")
            .map_err(|error| format!("lost: {error}"))?;
        if answer.status != 200 {
            return Err(format!("{}: {}", answer.status, answer.body));
        }
        answered.fetch_add(1, Ordering::Relaxed);
        if answer.closes_connection() {
            return Ok(());
        }
    }
}

#[test]
fn twenty_stops_under_full_load_lose_no_request_life_4() {
    for round in 0..ROUNDS {
        let mut service = trial(&[]);
        let (address, admin) = service.addresses().unwrap();
        service.line("\"message\":\"ready\"").unwrap();
        let answered = AtomicU32::new(0);
        let unready_first = AtomicBool::new(false);
        let ended = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| hammer(address, &answered)))
                .collect();
            while answered.load(Ordering::Relaxed) < CLIENTS * 4
                && !clients.iter().any(thread::ScopedJoinHandle::is_finished)
            {
                thread::yield_now();
            }
            service.signal(Signal::TERM).unwrap();
            // The public listener still responds, and says that it is not ready, before it closes.
            while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
                if get(admin, "/readyz").is_ok_and(|answer| answer.status == 503)
                    && TcpStream::connect(address).is_ok()
                {
                    unready_first.store(true, Ordering::Relaxed);
                    break;
                }
            }
            for client in clients {
                let outcome = client.join().unwrap();
                assert_eq!(outcome, Ok(()), "round {round}");
            }
            service.wait_with_output().unwrap()
        });
        assert_eq!(
            ended.status.code(),
            Some(0),
            "round {round}: {}",
            ended.stderr
        );
        assert!(
            unready_first.into_inner(),
            "round {round}: closed before it said that it is not ready"
        );
    }
}

#[test]
fn a_handler_that_never_returns_is_cut_off_and_named_life_4() {
    let mut service = trial(&["--set", "lifecycle.request_timeout=500ms"]);
    let (address, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client
        .write_all(b"GET /never HTTP/1.1\r\nhost: trial\r\n\r\n")
        .unwrap();
    // A response of a later request on another connection shows that the first has long arrived.
    assert_eq!(get(address, "/slow/50").unwrap().status, 200);
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75));
    assert!(ended.stderr.contains("GET /never"), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
}

#[test]
fn handlers_that_never_yield_cannot_hold_up_the_exit_life_4() {
    let arguments = [
        "--set",
        "lifecycle.drain_delay=0ms",
        "--set",
        "lifecycle.total_timeout=500ms",
        "--set",
        "lifecycle.flush_timeout=20s",
    ];
    // One thread for all: with it blocked, nothing of the runtime moves any more.
    let threads = [("TOKIO_WORKER_THREADS", "1")];
    let mut service = ServiceProcess::start(&example("trial"), &arguments, &threads).unwrap();
    let (address, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client
        .write_all(b"GET /busy HTTP/1.1\r\nhost: trial\r\n\r\n")
        .unwrap();
    service.line("busy from now on").unwrap();
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75));
    assert!(ended.stderr.contains("GET /busy"), "{}", ended.stderr);
    // The stop does not wait for an exporter that cannot flush.
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
}

#[test]
fn a_second_signal_forces_the_exit_life_4() {
    let mut service = ServiceProcess::start(
        &example("trial"),
        &[
            "--set",
            "lifecycle.drain_delay=50s",
            "--set",
            "lifecycle.total_timeout=60s",
        ],
        &[],
    )
    .unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    service.signal(Signal::TERM).unwrap();
    service.line("draining: readiness probes fail").unwrap();
    service.signal(Signal::INT).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75));
    assert!(
        ended
            .stdout
            .iter()
            .any(|line| line.contains("the process received a second signal"))
    );
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
}

#[test]
fn an_idle_keep_alive_client_does_not_hold_up_the_stop_life_4() {
    let mut service = trial(&[]);
    let (address, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let mut idle = Connection::open(address).unwrap();
    assert_eq!(idle.send("GET", "/", &[], "").unwrap().status, 200);
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[test]
fn an_open_http2_connection_does_not_hold_up_the_stop_life_4() {
    let mut service = trial(&[]);
    let (address, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    // The preface and an empty SETTINGS frame. Then a stream whose request never ends: HEADERS
    // without END_STREAM of `POST / http trial`.
    client
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        .unwrap();
    client
        .write_all(b"\x00\x00\x0a\x01\x04\x00\x00\x00\x01\x83\x86\x84\x41\x05trial")
        .unwrap();
    assert!(client.read(&mut [0; 9]).unwrap() > 0);
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
}

#[test]
fn a_signal_during_the_start_ends_it_life_4() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    drop(silent);
    // A service that was never ready gets no requests, so its stop skips the drain delay.
    let arguments = [
        "--set",
        &format!("needed={address}"),
        "--set",
        "lifecycle.drain_delay=50s",
        "--set",
        "lifecycle.total_timeout=60s",
    ];
    let mut service = ServiceProcess::start(&example("trial"), &arguments, &[]).unwrap();
    service.line("waiting for a dependency").unwrap();
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(40), "{:?}", ended.took);
}

#[test]
fn development_has_no_drain_delay_life_4() {
    let arguments = ["--profile", "development"];
    let mut service = ServiceProcess::start(&example("trial"), &arguments, &[]).unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    service.signal(Signal::TERM).unwrap();
    let line = service.line("draining: readiness probes fail").unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["delay"], "0s", "{line}");
    assert_eq!(service.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_port_in_use_is_an_error_with_its_cause_life_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let begun = Instant::now();
    let service = trial(&["--set", &format!("server.http.addr={address}")]);
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended
            .stderr
            .contains("the service cannot listen on the address server.http.addr"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains(&address.to_string()),
        "{}",
        ended.stderr
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_panic_in_the_assembly_is_an_error_and_not_a_crash_life_1() {
    let ended = trial(&["--set", "fault=panic"]).wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended
            .stderr
            .starts_with("error: the assemble function of the service failed\n  caused by: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn assembly_error_is_printed_once_with_causes_life_1() {
    let ended = trial(&["--set", "fault=error"]).wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stderr, "error: the assembly has a fault\n");
}

#[test]
fn a_flood_of_connections_leaves_the_probes_alive_sec_3_hlth_2() {
    let command = format!(
        "ulimit -n 256; exec {} serve --set server.http.addr=127.0.0.1:0 --set admin.addr=127.0.0.1:0 --set log.format=json",
        example("trial").display()
    );
    let mut service = ServiceProcess::spawn(Path::new("bash"), &["-c", &command], &[]).unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let flood: Vec<_> = (0..400).map(|_| TcpStream::connect(public)).collect();
    for _ in 0..20 {
        assert_eq!(get(admin, "/livez").unwrap().status, 200);
    }
    drop(flood);
}
