//! A stand-in for the one endpoint of Vault that services use: reading a secret of the key-value engine, version 2, as its documentation describes it.
//!
//! The real server is not among the packages that a test can install, so this proves the protocol and not the product.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use serde_json::{Value, json};

/// The token that it accepts.
pub const TOKEN: &str = "s.token";

/// A vault on a port of its own, for as long as the test runs.
#[derive(Debug, Clone)]
pub struct Vault {
    address: SocketAddr,
    secrets: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Vault {
    /// Opens an empty vault.
    ///
    /// # Errors
    /// No port can be had.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let vault = Self {
            address: listener.local_addr()?,
            secrets: Arc::default(),
        };
        let serving = vault.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that leaves early is not the vault's concern.
                let _ = serving.answer(stream);
            }
        });
        Ok(vault)
    }

    /// Its address, for `VAULT_ADDR`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Keeps `data` at `mount/path`; `null` is a deleted version.
    pub fn put(&self, place: &str, data: Value) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(place.to_owned(), data);
    }

    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while reader.read_line(&mut head)? > 2 {}
        let has_token = head
            .lines()
            .any(|line| line.eq_ignore_ascii_case(&format!("x-vault-token: {TOKEN}")));
        let path = head.split(' ').nth(1).unwrap_or_default();
        let place = path
            .strip_prefix("/v1/")
            .unwrap_or_default()
            .replacen("/data/", "/", 1);
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, body) = match secrets.get(&place) {
            _ if !has_token => ("403 Forbidden", json!({ "errors": ["permission denied"] })),
            Some(data) => (
                "200 OK",
                json!({ "data": { "data": data, "metadata": {} } }),
            ),
            None => ("404 Not Found", json!({ "errors": [] })),
        };
        let body = body.to_string();
        write!(
            reader.get_mut(),
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}
