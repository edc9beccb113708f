//! Which errors mean that the server may have the message (MSG-3).

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    thread,
};

use seaworthy_mail::MailError;

use crate::app::{TestApp, letter, start_in_development};

/// The server closes the connection without a response to the message.
const NO_RESPONSE: &str = "";

/// Starts a server that responds to each message with the next reply.
fn server(replies: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for reply in replies {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            stream.write_all(b"220 ready\r\n").unwrap();
            let mut is_message = false;
            for line in lines.map_while(Result::ok) {
                let response = match line.as_str() {
                    "." if *reply == NO_RESPONSE => break,
                    "." => {
                        is_message = false;
                        reply
                    }
                    _ if is_message => continue,
                    "DATA" => {
                        is_message = true;
                        "354 end with a dot"
                    }
                    _ => "250 ok",
                };
                let response = format!("{response}\r\n");
                if stream.write_all(response.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    address
}

async fn app(address: SocketAddr) -> TestApp {
    start_in_development(&[
        format!("mail.url=smtp://{address}"),
        "mail.from=City Events <events@example.org>".to_owned(),
        "mail.allow_plaintext=true".to_owned(),
    ])
    .await
}

async fn failure(app: &TestApp) -> MailError {
    let sent = app.mailer.send(letter("ada@example.org")).await;
    sent.unwrap_err()
}

#[tokio::test]
async fn lost_response_may_mean_an_accepted_message_msg_3() {
    let address = server(&[NO_RESPONSE, "451 later", "550 no", "250 ok"]);
    let app = app(address).await;
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(failure(&app).await.may_be_accepted());
    }
    assert_eq!(outcomes, [true, false, false]);
    app.mailer.send(letter("ada@example.org")).await.unwrap();
}

#[tokio::test]
async fn unreachable_server_has_no_message_msg_3() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(&app(address).await).await;
    assert!(!error.may_be_accepted(), "{error:?}");
}
