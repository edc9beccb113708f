//! Captcha codes by SMS through a gateway on loopback.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, get},
};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, grant_admin, json_of, tokens},
    features::wait,
    logs::remembered,
    operation_kills::stored,
};

const PHONE: &str = "+33612345678";
const TOKEN: &str = "a-token-of-the-gateway";
/// Longer than a message takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a request. Returns its head in lower case, and its body.
fn read(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let head = head.to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length = length.lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

/// Starts a gateway that rejects messages to a number that ends with 00, and is not available for
/// one that ends with 99. Returns its address, and the heads and the bodies of the requests.
pub(crate) fn gateway() -> (SocketAddr, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (head, message) = read(&stream);
            let status = match message["to"].as_str().unwrap() {
                rejected if rejected.ends_with("00") => 422,
                unknown if unknown.ends_with("99") => 503,
                _ => 202,
            };
            let answer =
                format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            if sender.send((head, message)).is_err() {
                return;
            }
        }
    });
    (address, requests)
}

pub(crate) fn ask(replica: &Replica, phone: &str) -> HttpResponse {
    let phone = phone.replace('+', "%2B");
    let path = format!("/api/v1/auth/captcha?captcha_type=sms&target={phone}");
    replica.send("GET", &path, "").unwrap()
}

pub(crate) fn code_by_sms_registers_and_logs_in_once_auth_2(database: &EmptyDatabase) {
    let (address, messages) = gateway();
    let settings = [
        "auth.captcha_enabled=true",
        "sms.sender=Starter",
        &format!("sms.token={TOKEN}"),
        &format!("clients.sms.base_url=http://{address}/v2"),
    ];
    let (first, second) = (
        Replica::start_with(database, &settings),
        Replica::start_with(database, &settings),
    );
    // Returns the ID of a captcha, and the code that the gateway got.
    let sent = |phone: &str| {
        let issued = json_of(&ask(&first, phone));
        assert_eq!(issued["image_data"], "", "{issued}");
        let (head, message) = messages.recv_timeout(TIMEOUT).unwrap();
        assert!(head.starts_with("post /v2/messages "), "{head}");
        assert!(
            head.contains(&format!("authorization: bearer {TOKEN}")),
            "{head}"
        );
        assert_eq!(
            (&message["to"], &message["from"]),
            (&phone.into(), &"Starter".into())
        );
        let code = message["text"]
            .as_str()
            .unwrap()
            .rsplit(' ')
            .next()
            .unwrap();
        assert_eq!(code.len(), 6, "{message}");
        let id = issued["captcha_id"].as_str().unwrap().to_owned();
        (id, remembered(code))
    };
    let register = |(id, code): &(String, String)| {
        let body = json!({
            "username": "ada", "password": PASSWORD, "phone": PHONE,
            "captcha_id": id, "captcha_code": code,
        });
        second.post("/api/v1/auth/register", &body)
    };
    let foreign = sent("+33698765432");
    assert_error(&register(&foreign), 400, "CAPTCHA_INVALID");
    let own = sent(PHONE);
    assert_eq!(register(&own).status, 200);

    let login = |username: &str, (id, code): &(String, String)| {
        let body = json!({
            "username": username, "password": PASSWORD,
            "captcha_id": id, "captcha_code": code,
        });
        second.post("/api/v1/auth/login", &body)
    };
    assert_error(&login("ada", &own), 400, "CAPTCHA_INVALID");
    // A code counts for the account of its number only.
    let foreign = sent("+33698765432");
    assert_error(&login("ada", &foreign), 400, "CAPTCHA_INVALID");
    assert_error(&login("unknown", &sent(PHONE)), 400, "CAPTCHA_INVALID");
    let own = sent(PHONE);
    tokens(&login("ada", &own));
    assert_error(&login("ada", &own), 400, "CAPTCHA_INVALID");

    // A gateway that rejects a message is an error without details.
    let refused = ask(&first, "+33600000000");
    assert_error(&refused, 503, "CAPTCHA_GENERATION_FAILED");
    assert!(!refused.body.contains("gateway"), "{}", refused.body);
}

pub(crate) fn codes_of_an_ip_are_limited_on_all_replicas_auth_2(database: &EmptyDatabase) {
    let (address, messages) = gateway();
    let settings = [
        "sms.sender=Starter",
        &format!("clients.sms.base_url=http://{address}/v2"),
        "auth.sent_codes.max_per_ip=2",
    ];
    let replicas = [(); 2].map(|()| Replica::start_with(database, &settings));
    // A message that the gateway rejects does not count.
    for replica in &replicas {
        let refused = ask(replica, "+33600000000");
        assert_error(&refused, 503, "CAPTCHA_GENERATION_FAILED");
    }
    let answers = ["+33612345678", "+33698765432", "+33611111111"];
    let answers = answers.iter().zip(replicas.iter().cycle());
    let answers: Vec<_> = answers
        .map(|(phone, replica)| ask(replica, phone))
        .collect();
    assert_eq!([answers[0].status, answers[1].status], [200, 200]);
    assert_error(&answers[2], 429, "RATE_LIMITED");
    assert!(answers[2].header("retry-after").is_some());
    assert_eq!(messages.try_iter().count(), 4, "two were rejected");
}

pub(crate) fn code_that_may_be_sent_counts_auth_2(database: &EmptyDatabase) {
    let (address, messages) = gateway();
    let settings = [
        "sms.sender=Starter",
        &format!("clients.sms.base_url=http://{address}/v2"),
        "auth.sent_codes.max_per_ip=1",
    ];
    let replica = Replica::start_with(database, &settings);
    let unknown = ask(&replica, "+33600000099");
    assert_error(&unknown, 503, "CAPTCHA_GENERATION_FAILED");
    assert_error(&ask(&replica, PHONE), 429, "RATE_LIMITED");
    assert_eq!(messages.try_iter().count(), 1);

    // The operation log has an entry, because the owner of the number may get the code.
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let sent = sent_codes(&replica, &admin);
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["result"], "unknown", "{sent:?}");
}

/// Returns the entries of sent codes.
fn sent_codes(replica: &Replica, token: &str) -> Vec<Value> {
    let listed = json_of(&replica.call("GET", "/api/v1/operations", token, ""));
    let listed = listed["operations"].as_array().unwrap().iter();
    let sent = listed.filter(|entry| entry["operation"] == "SendCaptcha");
    sent.cloned().collect()
}

/// Settings of a gateway that responds when a test lets it.
pub(crate) fn slow_gateway(address: SocketAddr) -> [String; 4] {
    [
        "sms.sender=Starter".to_owned(),
        format!("clients.sms.base_url=http://{address}/v2"),
        "clients.sms.policies.attempt_timeout=10m".to_owned(),
        "clients.sms.policies.total_timeout=10m".to_owned(),
    ]
}

pub(crate) fn code_is_recorded_if_its_client_disconnects_obs_11(database: &EmptyDatabase) {
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = slow_gateway(gateway.local_addr().unwrap());
    let mut replica = Replica::start_with(database, &settings.each_ref().map(String::as_str));
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let mut client = TcpStream::connect(replica.http).unwrap();
    let path = "/api/v1/auth/captcha?captcha_type=sms&target=%2B33612345678";
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let (mut stream, _) = gateway.accept().unwrap();
    read(&stream);
    drop(client);
    replica.process.line(r#""ended":"cancelled""#).unwrap();
    // The work stays in flight, so that clients cannot start more of it than the service allows.
    let in_flight = |count: u32| {
        let page = get(replica.admin, "/metrics").unwrap().body;
        page.contains(&format!("concurrency_in_flight{{name=\"http\"}} {count}\n"))
    };
    assert!(in_flight(1));
    assert_eq!(sent_codes(&replica, &admin)[0]["result"], "unknown");
    let answer = "HTTP/1.1 202 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(answer.as_bytes()).unwrap();
    wait(|| sent_codes(&replica, &admin)[0]["result"] == "ok");
    wait(|| in_flight(0));
    assert_eq!(sent_codes(&replica, &admin).len(), 1);
}

pub(crate) fn sent_code_has_an_entry_after_a_kill_obs_11(database: &EmptyDatabase) {
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = slow_gateway(gateway.local_addr().unwrap());
    let replica = Replica::start_with(database, &settings.each_ref().map(String::as_str));
    let http = replica.http;
    let path = "/api/v1/auth/captcha?captcha_type=sms&target=%2B33612345678";
    let call = thread::spawn(move || get(http, path));
    let (stream, _) = gateway.accept().unwrap();
    read(&stream);
    // The gateway has the message. The end of a replica is a kill.
    drop(replica);
    assert!(call.join().unwrap().is_err());
    let entry = (
        "/api/v1/auth/captcha".to_owned(),
        None,
        None,
        "unknown".to_owned(),
    );
    assert_eq!(stored(database), [entry]);
}

pub(crate) fn earlier_form_of_a_number_logs_in_auth_2(database: &EmptyDatabase) {
    let (address, messages) = gateway();
    let settings = [
        "sms.sender=Starter",
        &format!("clients.sms.base_url=http://{address}/v2"),
    ];
    let body = json!({ "username": "ada", "password": PASSWORD, "phone": "+442079460958" });
    let open = Replica::start_with(database, &settings);
    let registered = open.post("/api/v1/auth/register", &body);
    assert_eq!(registered.status, 200, "{}", registered.body);
    // A version without the present form has stored the number.
    crate::captcha_answers::store_phone(database, "+8613812345678");
    let settings = [&settings[..], &["auth.captcha_enabled=true"]].concat();
    let replica = Replica::start_with(database, &settings);
    let issued = json_of(&ask(&replica, "13812345678"));
    let (_, message) = messages.recv_timeout(TIMEOUT).unwrap();
    let text = message["text"].as_str().unwrap();
    let body = json!({
        "username": "ada", "password": PASSWORD, "captcha_id": issued["captcha_id"],
        "captcha_code": remembered(text.rsplit(' ').next().unwrap()),
    });
    tokens(&replica.post("/api/v1/auth/login", &body));
}

pub(crate) fn code_by_mail_logs_in_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start_with(
        database,
        &["auth.captcha_enabled=true", "auth.verify_addresses=true"],
    );
    let with_code = |path: &str, fields: Value| {
        let (id, code) = crate::captcha::mailed(&replica, "ada@example.org");
        let mut body = json!({
            "username": "ada", "password": PASSWORD,
            "captcha_id": id, "captcha_code": code,
        });
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        replica.post(path, &body)
    };
    let email = json!({ "email": "Ada@example.org" });
    assert_eq!(with_code("/api/v1/auth/register", email).status, 200);
    tokens(&with_code("/api/v1/auth/login", json!({})));
}
