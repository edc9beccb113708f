//! Rewards of referrals, also while responses of the wallet are lost.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use seaworthy::data::{chrono::Utc, sql};
use serde_json::{Value, json};
use tutoring_contract::events::{CourseAccessGranted, PaymentRefunded};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of, wait_for},
    peer::Peer,
    students::{eventually, send},
};

const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A service of wallets that records the references of its calls.
struct Wallets {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<String>>>,
    /// Whether reversals happen without a response.
    loses_reversals: Arc<AtomicBool>,
}

impl Wallets {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wallets = Self {
            address: listener.local_addr().unwrap(),
            calls: Arc::default(),
            loses_reversals: Arc::new(AtomicBool::new(true)),
        };
        let (calls, loses) = (
            Arc::clone(&wallets.calls),
            Arc::clone(&wallets.loses_reversals),
        );
        // The thread ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((path, body)) = read(&stream) else {
                    continue;
                };
                let is_reversal = path.ends_with("/reverse");
                let kind = if is_reversal { "reverse" } else { "credit" };
                let reference = body["referenceId"].as_str().unwrap_or_default();
                calls.lock().unwrap().push(format!("{kind} {reference}"));
                if !(is_reversal && loses.load(Ordering::SeqCst)) {
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
                    let end = "connection: close\r\ncontent-length: 2\r\n\r\n{}";
                    stream
                        .write_all(format!("{head}\r\n{end}").as_bytes())
                        .unwrap();
                }
            }
        });
        wallets
    }

    /// Returns the calls, a repeated one once.
    fn calls(&self) -> Vec<String> {
        let mut calls = self.calls.lock().unwrap().clone();
        calls.dedup();
        calls
    }
}

/// Returns the path and the body of a request.
fn read(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, serde_json::from_slice(&body).unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchase_after_a_lost_reversal_is_rewarded_msg_5() {
    let wallets = Wallets::start();
    let url = format!(
        "student.clients.payment.base_url=http://{}",
        wallets.address
    );
    let app = TestPlatform::with(vec![url]).await;
    let log_in = |email: &str| {
        let token = app.student(email).access;
        let own = app.call(&token, "GET", "/profile", &Value::Null);
        let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
        (token, id)
    };
    let (asha, ravi) = (log_in("asha@example.org"), log_in("ravi@example.org"));
    let get = |(token, id): &(String, String), path: &str| {
        let answer = send(
            &app,
            token,
            "GET",
            &format!("/students/{id}{path}"),
            &Value::Null,
        );
        json_of(&answer)["data"].clone()
    };
    let code = get(&asha, "/referral-code");
    let code = json!({ "referralCode": code["referralCode"] });
    let path = format!("/students/{}/referral-code/redeem", ravi.1);
    assert_eq!(send(&app, &ravi.0, "POST", &path, &code).status, 201);
    let peer = Peer::start(&app).await;
    let (student_id, course_id) = (ravi.1.parse().unwrap(), Uuid::from_u128(0xc0));
    let granted = |payment: u128| CourseAccessGranted {
        purchase_id: Uuid::from_u128(payment),
        student_id,
        course_id,
        purchase_tier: 10,
        metadata: json!({}),
    };
    let wait = |rewarded: u64, calls: &[String]| {
        wait_for("the calls", || {
            let stats = get(&asha, "/referral-stats");
            let is_done = stats["rewardedReferrals"] == rewarded && wallets.calls() == calls;
            is_done.then_some(())
        });
    };
    let [credit, reverse] = ["credit", "reverse"].map(|kind| format!("{kind} {student_id}"));
    peer.publish(granted(5)).await;
    wait(1, std::slice::from_ref(&credit));
    peer.publish(PaymentRefunded {
        payment_id: Uuid::from_u128(5),
        student_id,
        course_id,
        amount_cents: 300_000,
    })
    .await;
    // The wallet reverses the reward, and the response does not arrive.
    wait(1, &[credit.clone(), reverse.clone()]);
    peer.publish(granted(6)).await;
    let state = format!("/courses/{course_id}/state");
    wait_for("the course", || {
        (get(&ravi, &state)["purchaseStatus"] == "READY").then_some(())
    });
    wallets.loses_reversals.store(false, Ordering::SeqCst);
    let database = app.database("student").await;
    let started = Instant::now();
    let expected = [credit, reverse, format!("credit {student_id}:1")];
    while wallets.calls() != expected {
        assert!(started.elapsed() < TIMEOUT, "{:?}", wallets.calls());
        // A failed attempt delays the next one.
        sql("UPDATE referrals SET reversal_due_at = ? WHERE reversal_due_at IS NOT NULL")
            .bind(Utc::now())
            .execute(&database)
            .await
            .unwrap();
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    wait(1, &expected);
    app.stop().await;
}

pub(crate) async fn referral_rewards_once_after_a_course_msg_5(app: &TestPlatform) {
    let log_in = |email: &str| {
        let token = app.student(email).access;
        let own = app.call(&token, "GET", "/profile", &Value::Null);
        let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
        (token, id)
    };
    let (asha, ravi) = (log_in("asha@example.org"), log_in("ravi@example.org"));
    let (mira, tara) = (log_in("mira@example.org"), log_in("tara@example.org"));
    let call = |(token, id): &(String, String), method: &str, path: &str, body: &Value| {
        send(app, token, method, &format!("/students/{id}{path}"), body)
    };
    let code = json_of(&call(&asha, "GET", "/referral-code", &Value::Null));
    let code = json!({ "referralCode": code["data"]["referralCode"] });
    let redeem = |who, body: &Value| call(who, "POST", "/referral-code/redeem", body);
    for (body, status) in [
        (json!({}), 400),
        (json!({ "referralCode": "not a code" }), 400),
        (json!({ "referralCode": "AAAAAAAA" }), 404),
    ] {
        assert_eq!(redeem(&ravi, &body).status, status, "{body}");
    }
    assert_error(&redeem(&asha, &code), 400, "VALIDATION_ERROR");
    assert_eq!(redeem(&ravi, &code).status, 201);
    assert_error(&redeem(&ravi, &code), 409, "CONFLICT");
    let stats = || json_of(&call(&asha, "GET", "/referral-stats", &Value::Null))["data"].clone();
    assert_eq!(
        (&stats()["totalReferrals"], &stats()["rewardedReferrals"]),
        (&json!(1), &json!(0))
    );
    let peer = Peer::start(app).await;
    for course in [0xc0, 0xc1] {
        peer.publish(CourseAccessGranted {
            purchase_id: Uuid::from_u128(course),
            student_id: ravi.1.parse().unwrap(),
            course_id: Uuid::from_u128(course),
            purchase_tier: 10,
            metadata: json!({}),
        })
        .await;
    }
    eventually(|| (stats()["rewardedReferrals"] == 1).then_some(Value::Null));
    // The refund of a third student arrives before the purchase, so it has no reward. The reward of
    // a later purchase shows that all have arrived.
    assert_eq!(redeem(&mira, &code).status, 201);
    assert_eq!(redeem(&tara, &code).status, 201);
    let refunded = |(_, id): &(String, String), payment: u128| PaymentRefunded {
        payment_id: Uuid::from_u128(payment),
        student_id: id.parse().unwrap(),
        course_id: Uuid::from_u128(0xc0),
        amount_cents: 300_000,
    };
    peer.publish(refunded(&mira, 5)).await;
    let state = format!("/courses/{}/state", Uuid::from_u128(0xc0));
    let progress = || json_of(&call(&mira, "GET", "/progress", &Value::Null))["data"].clone();
    eventually(|| progress()["courses"].get(0).map(|_| Value::Null));
    for ((_, id), payment) in [(&mira, 5), (&tara, 6)] {
        peer.publish(CourseAccessGranted {
            purchase_id: Uuid::from_u128(payment),
            student_id: id.parse().unwrap(),
            course_id: Uuid::from_u128(0xc0),
            purchase_tier: 10,
            metadata: json!({}),
        })
        .await;
    }
    eventually(|| (stats()["rewardedReferrals"] == 2).then_some(Value::Null));
    let path = format!("/payments/wallet/{}/transactions", asha.1);
    let ledger = json_of(&send(app, &asha.0, "GET", &path, &Value::Null));
    let rewards = ledger["data"]["items"].as_array().unwrap().iter();
    let rewards: Vec<_> = rewards
        .filter(|entry| entry["type"] == "referral")
        .collect();
    assert_eq!(rewards.len(), 2, "{ledger}");
    assert_eq!(rewards[0]["amount"], 50);
    let of_mira = rewards
        .iter()
        .any(|one| one["referenceId"] == json!(mira.1));
    assert!(!of_mira, "{ledger}");
    // A student with a course redeems no code, also after its refund.
    peer.publish(CourseAccessGranted {
        purchase_id: Uuid::from_u128(9),
        student_id: asha.1.parse().unwrap(),
        course_id: Uuid::from_u128(0xc0),
        purchase_tier: 10,
        metadata: json!({}),
    })
    .await;
    let wait = |status: &str| {
        eventually(|| {
            let state = json_of(&call(&asha, "GET", &state, &Value::Null));
            (state["data"]["purchaseStatus"] == status).then_some(Value::Null)
        });
    };
    wait("READY");
    peer.publish(refunded(&asha, 9)).await;
    wait("PROCESSING");
    let other = json_of(&call(&ravi, "GET", "/referral-code", &Value::Null));
    let other = json!({ "referralCode": other["data"]["referralCode"] });
    assert_error(&redeem(&asha, &other), 409, "CONFLICT");
}

pub(crate) async fn refund_takes_the_reward_back_msg_5(app: &TestPlatform) {
    let log_in = |email: &str| {
        let token = app.student(email).access;
        let own = app.call(&token, "GET", "/profile", &Value::Null);
        let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
        (token, id)
    };
    let (asha, ravi) = (log_in("asha@example.org"), log_in("ravi@example.org"));
    let call = |(token, id): &(String, String), method: &str, path: &str, body: &Value| {
        send(app, token, method, &format!("/students/{id}{path}"), body)
    };
    let code = json_of(&call(&asha, "GET", "/referral-code", &Value::Null));
    let code = json!({ "referralCode": code["data"]["referralCode"] });
    assert_eq!(
        call(&ravi, "POST", "/referral-code/redeem", &code).status,
        201
    );
    let path = format!("/payments/wallet/{}/transactions", asha.1);
    let entries = || {
        let ledger = json_of(&send(app, &asha.0, "GET", &path, &Value::Null));
        let items = ledger["data"]["items"].as_array().unwrap().clone();
        let of = items
            .iter()
            .filter(|entry| entry["type"] != "registration_bonus");
        of.map(|entry| entry["amount"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let wait = |rewarded: u64, amounts: &[i64]| {
        eventually(|| {
            let stats = json_of(&call(&asha, "GET", "/referral-stats", &Value::Null));
            let is_done = stats["data"]["rewardedReferrals"] == rewarded && entries() == amounts;
            is_done.then_some(Value::Null)
        });
    };
    let peer = Peer::start(app).await;
    let (student_id, course_id) = (ravi.1.parse().unwrap(), Uuid::from_u128(0xc0));
    let granted = |payment: u128| CourseAccessGranted {
        purchase_id: Uuid::from_u128(payment),
        student_id,
        course_id,
        purchase_tier: 10,
        metadata: json!({}),
    };
    peer.publish(granted(5)).await;
    wait(1, &[50]);
    peer.publish(PaymentRefunded {
        payment_id: Uuid::from_u128(5),
        student_id,
        course_id,
        amount_cents: 300_000,
    })
    .await;
    wait(0, &[-50, 50]);
    // Another course of the student is another reward.
    peer.publish(granted(6)).await;
    wait(1, &[50, -50, 50]);
}
