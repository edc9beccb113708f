//! The alerts on captchas and flags: a fault fires them, their runbooks work, and they resolve.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use seaworthy_deploy::{Overlay, render};
use seaworthy_facts::Facts;
use seaworthy_testkit::{
    alerts::{Alerts, ObservedService},
    database::EmptyDatabase,
    eventually,
    prometheus::compress,
    requirement::required,
};

use crate::{app::Replica, sms};

/// 15 minutes become 4.5 s.
pub(crate) const FACTOR: u32 = 200;
pub(crate) const TOKEN: &str = "the token of an operator of these tests";
const FLAGS: &str = r#"{"flags": {}}"#;

/// Starts a flag server that closes its connections without a response while it is not available.
fn flag_server() -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let is_available = Arc::new(AtomicBool::new(true));
    let available = Arc::clone(&is_available);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines();
            let header = lines.take_while(|line| line.as_ref().is_ok_and(|it| !it.is_empty()));
            if header.count() == 0 || !available.load(Ordering::SeqCst) {
                continue;
            }
            let length = FLAGS.len();
            let response = format!(
                "HTTP/1.1 200 -\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{FLAGS}"
            );
            // The client may have disconnected.
            let _ = stream.write_all(response.as_bytes());
        }
    });
    (address, is_available)
}

/// Renders the rules and runbooks of the committed facts, for an admin listener and a flag server.
pub(crate) fn rendered(admin: u16, overlay: &Overlay) -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/facts/starter.json");
    let mut facts = Facts::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    for listener in &mut facts.listeners {
        if listener.name == "admin" {
            listener.port = admin;
        }
    }
    // The rules have an alert on the flag server only if the settings name one.
    let source = "features.remote.source".to_owned();
    facts.values.insert(source, "http".into());
    render(&[facts], overlay).unwrap()
}

#[test]
fn captcha_and_flag_faults_fire_their_alerts_obs_9_ship_4() {
    let Some(program) = required("SEAWORTHY_TEST_PROMETHEUS") else {
        return;
    };
    let (gateway, _messages) = sms::gateway();
    let (flags, is_available) = flag_server();
    let database = EmptyDatabase::sqlite().unwrap();
    let settings = [
        "sms.sender=Starter",
        &format!("clients.sms.base_url=http://{gateway}/v2"),
        // After the second code, a network may have requested only one.
        "auth.sent_codes.max_total_sms=2",
        "features.remote.source=http",
        "features.remote.poll_interval=200ms",
        &format!("clients.flags.base_url=http://{flags}"),
        &format!("admin.token={TOKEN}"),
    ];
    let replica = Replica::start_with(&database, &settings);
    let files = rendered(replica.admin.port(), &Overlay::default());
    let rules = compress(&files["prometheus/starter.rules.yaml"], FACTOR);
    let folder = tempfile::tempdir().unwrap();
    let observed = ObservedService {
        name: "starter",
        program: Path::new(env!("CARGO_BIN_EXE_starter")),
        config: folder.path().to_owned(),
        environment: Vec::new(),
        admin: replica.admin,
        token: TOKEN,
    };
    let alerts = Alerts::start(program, &rules, files, observed).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let scraped = "captcha_codes_limited_total{limit=\"share\"}";
        let none = serde_json::json!([]);
        eventually(async || alerts.prometheus().query(scraped).unwrap() != none).await;
        for alert in ["CaptchaCodesLimited", "FlagSourceStale"] {
            assert!(!alerts.is_firing(alert).unwrap(), "{alert}");
        }

        let phones = ["+33612345678", "+33698765432", "+33611111111"];
        let statuses = phones.map(|phone| sms::ask(&replica, phone).status);
        assert_eq!(statuses, [200, 200, 429]);
        let limited = "captcha_codes_limited_total{kind=\"sms\",limit=\"share\"} 1\n";
        alerts.fires("CaptchaCodesLimited", limited).await;
        alerts.resolves(&["CaptchaCodesLimited"]).await;

        is_available.store(false, Ordering::SeqCst);
        alerts.fires("FlagSourceStale", "\"flags\"").await;
        is_available.store(true, Ordering::SeqCst);
        alerts.resolves(&["FlagSourceStale"]).await;
    });
}
