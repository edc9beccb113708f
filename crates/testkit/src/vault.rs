//! A stand-in for what services use of Vault: reading a secret of the key-value engine, version 2, and encrypting, decrypting and rewrapping by the transit engine, as its
//! documentation describes them.
//!
//! The real server is not among the packages that a test can install, so this proves the protocol and not the product.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Read, Write},
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
    transit: Arc<Mutex<Transit>>,
}

/// The transit engine, which remembers what it was given and encrypts nothing.
#[derive(Debug, Default)]
struct Transit {
    /// The newest version of each key.
    keys: BTreeMap<String, u32>,
    /// What was encrypted, by the name of the key.
    kept: Vec<(String, Value)>,
    calls: u32,
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
            transit: Arc::default(),
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

    /// Adds a key to the transit engine, or a version to the key that is there.
    pub fn rotate(&self, key: &str) {
        let mut transit = self.transit.lock().unwrap_or_else(PoisonError::into_inner);
        *transit.keys.entry(key.to_owned()).or_default() += 1;
    }

    /// How often the transit engine was asked.
    #[must_use]
    pub fn transit_calls(&self) -> u32 {
        let transit = self.transit.lock().unwrap_or_else(PoisonError::into_inner);
        transit.calls
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
        if let Some(request) = path.strip_prefix("/v1/transit/") {
            let body = read_body(&head, &mut reader)?;
            let mut transit = self.transit.lock().unwrap_or_else(PoisonError::into_inner);
            let (status, body) = if has_token {
                transit.answer(request, &body)
            } else {
                ("403 Forbidden", json!({ "errors": ["permission denied"] }))
            };
            return write_answer(reader.get_mut(), status, &body);
        }
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, body) = match secrets.get(&place) {
            _ if !has_token => ("403 Forbidden", json!({ "errors": ["permission denied"] })),
            Some(data) => (
                "200 OK",
                json!({ "data": { "data": data, "metadata": {} } }),
            ),
            None => ("404 Not Found", json!({ "errors": [] })),
        };
        write_answer(reader.get_mut(), status, &body)
    }
}

impl Transit {
    fn answer(&mut self, request: &str, body: &Value) -> (&'static str, Value) {
        self.calls += 1;
        let (action, key) = request.split_once('/').unwrap_or_default();
        let Some(newest) = self.keys.get(key).copied() else {
            return ("404 Not Found", json!({ "errors": [] }));
        };
        let ciphertext =
            |index: usize| json!({ "data": { "ciphertext": format!("vault:v{newest}:{index}") } });
        if action == "encrypt" {
            let plaintext = body.get("plaintext").cloned().unwrap_or_default();
            self.kept.push((key.to_owned(), plaintext));
            return ("200 OK", ciphertext(self.kept.len() - 1));
        }
        let given = body.get("ciphertext").and_then(Value::as_str);
        let index = given.and_then(|text| text.rsplit(':').next()?.parse::<usize>().ok());
        let kept = index.and_then(|index| Some((index, self.kept.get(index)?)));
        match kept {
            Some((index, (owner, plaintext))) if owner == key => match action {
                "rewrap" => ("200 OK", ciphertext(index)),
                _ => ("200 OK", json!({ "data": { "plaintext": plaintext } })),
            },
            _ => (
                "400 Bad Request",
                json!({ "errors": ["cipher: message authentication failed"] }),
            ),
        }
    }
}

fn read_body(head: &str, reader: &mut impl Read) -> io::Result<Value> {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

fn write_answer(stream: &mut impl Write, status: &str, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
