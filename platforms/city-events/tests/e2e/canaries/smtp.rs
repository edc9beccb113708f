use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A mail server that rejects all mail and repeats the recipient in its responses. Real servers
/// cannot be configured to do this.
pub(super) struct EchoingServer {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<String>>,
    task: JoinHandle<()>,
}

impl EchoingServer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received: Arc<Mutex<String>> = Arc::default();
        let buffer = Arc::clone(&received);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&buffer)));
            }
        });
        Self {
            address,
            received,
            task,
        }
    }

    /// Returns all lines of clients, with their credentials decoded.
    pub(super) fn received(&self) -> String {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for EchoingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, received: Arc<Mutex<String>>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let _ = writer.write_all(b"220 echoing ESMTP\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        received.lock().unwrap().push_str(&format!("{line}\n"));
        let response = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-echoing\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" => {
                let encoded = line.split_whitespace().nth(2).unwrap_or_default();
                let credentials = BASE64_STANDARD.decode(encoded).unwrap_or_default();
                let credentials = String::from_utf8_lossy(&credentials).replace('\0', " ");
                received
                    .lock()
                    .unwrap()
                    .push_str(&format!("{credentials}\n"));
                "235 2.7.0 welcome".to_owned()
            }
            "RCPT" => format!("550 5.1.1 no such mailbox: {line}"),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        let response = format!("{response}\r\n");
        if writer.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}
