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
use seaworthy_core::{Secret, Timeout};
use serde_json::{Value, json};

/// The gateway closes the connection without a response.
const NO_RESPONSE: u16 = 0;

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
            if *status == NO_RESPONSE {
                continue;
            }
            let answer = format!(
                "HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\nlocation: /v2/messages/7\r\n\r\n"
            );
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, requests)
}

fn client_config(address: SocketAddr) -> HttpClientConfig {
    HttpClientConfig {
        base_url: Some(format!("http://{address}/v2").parse().unwrap()),
        ..HttpClientConfig::default()
    }
}

fn provider(address: SocketAddr) -> SmsGateway {
    let client = HttpClient::builder("sms").config(client_config(address));
    let client = client.build().unwrap();
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
async fn only_definite_rejections_of_a_gateway_are_rejections_auth_2() {
    let statuses = &[400, 422, 429, 303, 408, 500, 503, NO_RESPONSE];
    let (address, requests) = gateway(statuses);
    let provider = provider(address);
    let code = Secret::new("314159".to_owned());
    let mut rejections = Vec::new();
    for status in statuses {
        let error = provider.send("+33612345678", &code).await.unwrap_err();
        if error.is_rejection() {
            rejections.push(*status);
        }
    }
    assert_eq!(rejections, [400, 422, 429]);
    assert_eq!(requests.iter().count(), statuses.len(), "each is sent once");
}

#[tokio::test]
async fn late_response_of_a_gateway_is_not_a_rejection_auth_2() {
    // The gateway accepts connections and does not respond.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = client_config(listener.local_addr().unwrap());
    config.policies.attempt_timeout = Timeout::from_millis(50);
    let client = HttpClient::builder("sms").config(config).build().unwrap();
    let provider = SmsGateway::new(client, SmsGatewayConfig::default());
    let code = Secret::new("314159".to_owned());
    let error = provider.send("+33612345678", &code).await.unwrap_err();
    assert!(!error.is_rejection(), "{error:?}");
}

#[tokio::test]
async fn unreachable_gateway_is_a_rejection_auth_2() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let code = Secret::new("314159".to_owned());
    let error = provider(address).send("+33612345678", &code).await;
    assert!(error.unwrap_err().is_rejection());
}
