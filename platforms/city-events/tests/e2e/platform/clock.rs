//! Steps of the system clock, such as those of a time server or of a machine that was suspended.

use std::{fs, net::SocketAddr, path::Path};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use seaworthy_testkit::{process::ServiceProcess, requirement::required};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Gateway, PASSWORD, Response, new_email},
    eventually::eventually,
    flow, machine,
};

/// Hours from the time of the machine, one after the other. A step is larger than every lease,
/// claim and access token. Four users register after each step, and the platform accepts 20 per
/// minute.
const OFFSETS: [i64; 5] = [0, 1, -1, 12, -12];

/// Returns the address that a line of the start contains.
fn address(line: &str) -> SocketAddr {
    let (_, rest) = line.split_once("http://").unwrap();
    let address = rest.split('/').next().unwrap();
    address.trim().parse().unwrap()
}

/// Returns the time of an access token in seconds since 1970.
fn issued_at(token: &str) -> i64 {
    let claims = token.split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["iat"].as_i64().unwrap()
}

/// Returns a response with another status as an error.
fn is(status: u16, response: &Response) -> Result<(), String> {
    match response.status {
        found if found == status => Ok(()),
        _ => Err(format!("{response:?}")),
    }
}

#[tokio::test]
async fn users_are_served_after_steps_of_the_clock_ship_6() {
    let Some(library) = required("SEAWORTHY_TEST_FAKETIME") else {
        return;
    };
    let _machine = machine::exclusive().await;
    let directory = tempfile::tempdir().unwrap();
    let offset = directory.path().join("offset");
    fs::write(&offset, "+0\n").unwrap();
    let (data, file) = (directory.path().join("data"), offset.display().to_string());
    let data = data.display().to_string();
    // Timers use the monotonic clock, which a step does not change.
    let environment = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", &file),
        ("FAKETIME_NO_CACHE", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    let arguments = ["--data", &data, "--free-ports", "--empty"];
    let mut process = ServiceProcess::spawn(program, &arguments, &environment).unwrap();
    let gateway = address(&process.line("Open       http://").unwrap());
    let mailbox = address(&process.line("Mailbox    http://").unwrap());
    process.line("Stop it with Ctrl-C").unwrap();
    let gateway = Gateway::new(gateway, mailbox);
    for step in OFFSETS {
        fs::write(&offset, format!("{step:+}h\n")).unwrap();
        let email = new_email("ada");
        let body = json!({ "email": email, "password": PASSWORD });
        let anonymous = gateway.anonymous();
        let registered = anonymous
            .send("POST", "/api/auth/register", Some(body))
            .await;
        assert_eq!(registered.status, 201, "{step}: {registered:?}");
        // The outbox, the broker and the e-mail service.
        gateway.mail_to(&email).await;
        let user = gateway.authenticated(&registered);
        let difference = issued_at(user.token.as_ref().unwrap()) - Utc::now().timestamp();
        assert_eq!((difference + 1_800).div_euclid(3_600), step);
        // After a forward step a service rejects tokens until it has read the revocations again. A
        // machine that was suspended must not accept revoked tokens. The gateway checks them for
        // changes, and the other services for reads, too.
        for path in ["/api/me/events", "/api/me/joins", "/api/feed/recommended"] {
            eventually(async || is(200, &user.get(path).await)).await;
        }
        let unknown = format!("/api/events/{}/join", Uuid::new_v4());
        eventually(async || {
            let key = Uuid::new_v4().to_string();
            is(404, &user.send_with_key("POST", &unknown, &key).await)
        })
        .await;
        // Sessions, projections by messages, and promotions by a worker.
        flow::users_join_wait_and_move_up(&gateway).await;
        assert_eq!(anonymous.get("/readyz").await.status, 200, "{step}");
    }
}
