//! Codes by SMS through a gateway on loopback (AUTH-2).

use std::{
    error::Error as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{self, Receiver},
    thread,
};

use seaworthy_captcha::{SendCode as _, SmsGateway, SmsGatewayConfig};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::Secret;
use serde_json::{Value, json};

/// Starts a gateway that answers each request with the next status. Returns its address, and the
/// heads and the bodies of the requests.
fn gateway(statuses: &'static [u16]) -> (SocketAddr, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for status in statuses {
            let mut reader = BufReader::new(listener.accept().unwrap().0);
            let mut head = String::new();
            while reader.read_line(&mut head).unwrap() > 2 {}
            let head = head.to_ascii_lowercase();
            let (_, length) = head.split_once("content-length: ").unwrap();
            let length = length.lines().next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            sender
                .send((head, serde_json::from_slice(&body).unwrap()))
                .unwrap();
            let answer =
                format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, requests)
}

fn provider(address: SocketAddr) -> SmsGateway {
    let client = HttpClientConfig {
        base_url: Some(format!("http://{address}/v2").parse().unwrap()),
        ..HttpClientConfig::default()
    };
    let client = HttpClient::builder("sms").config(client).build().unwrap();
    let config = SmsGatewayConfig {
        path: "/messages".to_owned(),
        sender: "Starter".to_owned(),
        token: Some(Secret::new("t0ps3cret".to_owned())),
        ..SmsGatewayConfig::default()
    };
    SmsGateway::new(client, config)
}

#[tokio::test]
async fn gateway_gets_code_and_its_rejection_is_an_error_auth_2() {
    let (address, requests) = gateway(&[202, 503]);
    let provider = provider(address);
    let code = Secret::new("314159".to_owned());
    provider.send("+33612345678", &code).await.unwrap();
    let (head, message) = requests.recv().unwrap();
    assert!(head.starts_with("post /v2/messages http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer t0ps3cret"), "{head}");
    let expected =
        json!({ "to": "+33612345678", "from": "Starter", "text": "Your code is 314159" });
    assert_eq!(message, expected);

    let refused = provider.send("+33612345678", &code).await.unwrap_err();
    // A message is sent once, and the error has no code, no number and no token.
    assert_eq!(requests.iter().count(), 1);
    let text = format!("{refused} {:?}", refused.source());
    for secret in ["314159", "612345678", "t0ps3cret"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn unreachable_gateway_is_an_error_auth_2() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let code = Secret::new("314159".to_owned());
    assert!(provider(address).send("+33612345678", &code).await.is_err());
}
