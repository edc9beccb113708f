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

/// A mail server that takes no mail, and whose refusals repeat whom it was for and what it was told: none of the real ones can be made to be so talkative.
pub(crate) struct TalkativeServer {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<String>>,
    task: JoinHandle<()>,
}

impl TalkativeServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<String>> = Arc::default();
        let hearing = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&hearing)));
            }
        });
        Self {
            address,
            heard,
            task,
        }
    }

    /// All that clients said, with the Base64 of their credentials read.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for TalkativeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(stream: TcpStream, heard: Arc<Mutex<String>>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let _ = writer.write_all(b"220 talkative ESMTP\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        heard.lock().unwrap().push_str(&format!("{line}\n"));
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-talkative\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" => {
                let secret = line.split_whitespace().nth(2).unwrap_or_default();
                let told = BASE64_STANDARD.decode(secret).unwrap_or_default();
                let told = String::from_utf8_lossy(&told).replace('\0', " ");
                heard.lock().unwrap().push_str(&format!("{told}\n"));
                "235 2.7.0 welcome".to_owned()
            }
            "RCPT" => format!("550 5.1.1 nobody here is called so: {line}"),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        if writer
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}
