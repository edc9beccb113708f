//! A server for the requests of guests.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use tokio::sync::mpsc;

/// Starts a server that responds to each request with 204. Returns its URL and the path of each
/// request.
pub(crate) fn record() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, paths) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            let length = connection.read(&mut request).unwrap_or_default();
            let request = request.get(..length).unwrap_or_default();
            let request = String::from_utf8_lossy(request).into_owned();
            let _ = connection.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            let path = request.split(' ').nth(1).unwrap_or_default();
            if sender.send(path.to_owned()).is_err() {
                return;
            }
        }
    });
    (url, paths)
}

/// Starts a server that closes a connection without a response when the sender of its request is
/// dropped. Returns its URL and the requests.
pub(crate) fn hold() -> (String, mpsc::UnboundedReceiver<std::sync::mpsc::Sender<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let connection = connection.unwrap();
            let (release, released) = std::sync::mpsc::channel();
            if sender.send(release).is_err() {
                return;
            }
            thread::spawn(move || {
                let _ = released.recv();
                drop(connection);
            });
        }
    });
    (url, requests)
}

/// Starts a server that sends these bytes as the response to each connection, and holds the
/// connection open. Returns its URL and the text of each request.
pub(crate) fn respond(response: &str) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, reports) = mpsc::unbounded_channel();
    let response = response.to_owned();
    thread::spawn(move || {
        let mut held = Vec::new();
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = vec![0; 4096];
            let length = connection.read(&mut request).unwrap_or_default();
            request.truncate(length);
            // The client may refuse the response before its end.
            let _ = connection.write_all(response.as_bytes());
            held.push(connection);
            if sender
                .send(String::from_utf8_lossy(&request).into_owned())
                .is_err()
            {
                return;
            }
        }
    });
    (url, reports)
}
