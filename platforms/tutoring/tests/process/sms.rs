//! A provider of messages in the form of MSG91.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::app::{TestPlatform, assert_error, json_of, tokens};

/// A number that the provider rejects with the status 200.
const REFUSED: &str = "919999999999";

/// A local server that records the messages.
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&lines);
        // The thread ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
                let line = head.next().unwrap().unwrap();
                let headers: Vec<_> = head
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                let has_key = headers
                    .iter()
                    .any(|line| line == "authkey: key-of-the-test");
                let kind = match has_key && !line.contains(REFUSED) {
                    true => "success",
                    false => "error",
                };
                recorded.lock().unwrap().push(line);
                let body = json!({ "type": kind }).to_string();
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                let length = body.len();
                let sent = write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
                sent.unwrap();
            }
        });
        Self { address, lines }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Returns the last code.
    pub(crate) fn code(&self) -> String {
        let lines = self.lines();
        let mut codes = lines.iter().filter_map(|line| line.split_once("otp="));
        codes.next_back().unwrap().1[..6].to_owned()
    }
}

pub(crate) async fn code_by_sms_creates_an_account_auth_2(app: &TestPlatform) {
    let phone = json!({ "phone": "+919812345678" });
    let requested = app.post("/otp/request", &phone);
    assert_eq!(requested.status, 200, "{}", requested.body);
    assert_eq!(json_of(&requested)["data"]["expiresIn"], 300);
    let first = app.sms.code();
    let voice = json!({ "phone": "+919812345678", "retryType": "voice" });
    assert_eq!(app.post("/otp/retry", &voice).status, 200);
    let lines = app.sms.lines();
    assert!(
        lines
            .last()
            .unwrap()
            .contains("/otp/retry?retrytype=voice&mobile=919812345678"),
        "{lines:?}"
    );

    let code = app.sms.code();
    let verify = |code: &str| {
        app.post(
            "/otp/verify",
            &json!({ "phone": "+919812345678", "otp": code }),
        )
    };
    if first != code {
        assert_error(&verify(&first), 400, "INVALID_CODE");
    }
    let verified = verify(&code);
    let session = tokens(&verified);
    assert_eq!(json_of(&verified)["data"]["isNewUser"], true);
    let profile = app.call(&session.access, "GET", "/profile", &Value::Null);
    assert_eq!(json_of(&profile)["data"]["isPhoneVerified"], true);

    app.post("/otp/request", &phone);
    let again = verify(&app.sms.code());
    assert_eq!(json_of(&again)["data"]["isNewUser"], false);
    // The fourth and the fifth code of the hour.
    for _ in 0..2 {
        assert_eq!(app.post("/otp/request", &phone).status, 200);
    }
    let sixth = app.post("/otp/request", &phone);
    assert_error(&sixth, 429, "RATE_LIMITED");
    let seconds = json_of(&sixth)["retryAfter"].as_u64().unwrap();
    assert!((3_000..=3_600).contains(&seconds), "{seconds}");
    // An attacker guesses the codes of another number.
    let guess = || {
        let body = json!({ "phone": "+919812345679", "otp": "000000" });
        app.post("/otp/verify", &body)
    };
    for _ in 0..10 {
        assert_error(&guess(), 400, "INVALID_CODE");
    }
    let eleventh = guess();
    assert_error(&eleventh, 429, "RATE_LIMITED");
    assert_eq!(eleventh.header("x-ratelimit-limit"), Some("10"));
    // A message that the provider rejected was not sent.
    let refused = app.post("/otp/request", &json!({ "phone": REFUSED }));
    assert_error(&refused, 503, "SERVICE_DEGRADED");
}

pub(crate) async fn unverified_number_is_of_its_own_user_only_auth_2(app: &TestPlatform) {
    let student = app.student("asha@example.org");
    let phone = json!({ "phone": "+919812345678" });
    let change = || {
        let changed = app.call(&student.access, "PUT", "/profile", &phone);
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_eq!(app.post("/otp/request", &phone).status, 200);
        json!({ "phone": "+919812345678", "otp": app.sms.code() })
    };
    let own = app.call(&student.access, "POST", "/otp/verify", &change());
    let user = &json_of(&own)["data"]["user"];
    assert_eq!(
        (&user["email"], &user["isPhoneVerified"]),
        (&json!("asha@example.org"), &json!(true))
    );

    // A student who names the number of another person does not get that person's logins.
    let other = json!({ "phone": "+919812345679" });
    assert_eq!(
        app.call(&student.access, "PUT", "/profile", &other).status,
        200
    );
    assert_eq!(app.post("/otp/request", &other).status, 200);
    let body = json!({ "phone": "+919812345679", "otp": app.sms.code() });
    let verified = app.post("/otp/verify", &body);
    let data = &json_of(&verified)["data"];
    assert_eq!(
        (&data["isNewUser"], &data["user"]["email"]),
        (&json!(true), &Value::Null)
    );
    let profile = app.call(&student.access, "GET", "/profile", &Value::Null);
    assert_eq!(json_of(&profile)["data"]["phone"], Value::Null);
}
