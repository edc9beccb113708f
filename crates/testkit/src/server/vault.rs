//! A real Vault: its own core with the key-value engine at `secret` and the transit engine at
//! `transit`.

use std::{
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens, poll},
    spawner::bound_command,
};
use crate::http;

/// A running Vault that keeps everything on disk, initialized and unsealed. Dropping this kills it.
#[derive(Debug)]
pub struct VaultServer {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    keys: Keys,
    policies: AtomicU32,
    process: Process,
}

/// The keys that Vault returns only once, when it is initialized.
#[derive(Debug, Default)]
struct Keys {
    unseal: String,
    root: String,
}

impl VaultServer {
    /// Starts the program, which `SEAWORTHY_TEST_VAULT` names, and waits until both engines
    /// respond.
    ///
    /// # Errors
    /// It cannot be started, or does not respond in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let mut server = Self {
            program: program.into(),
            folder: folder(None)?,
            address: free_address()?,
            keys: Keys::default(),
            policies: AtomicU32::default(),
            process: Process::default(),
        };
        server.run()?;
        let shares = json!({ "secret_shares": 1, "secret_threshold": 1 });
        let made = server.call("PUT", "sys/init", &shares)?;
        server.keys = Keys {
            unseal: text(&made, "/keys_base64/0")?,
            root: text(&made, "/root_token")?,
        };
        server.unseal()?;
        let versioned = json!({ "type": "kv", "options": { "version": "2" } });
        server.call("POST", "sys/mounts/secret", &versioned)?;
        server.call("POST", "sys/mounts/transit", &json!({ "type": "transit" }))?;
        // The second version of the key-value engine makes itself ready after it was mounted.
        poll("the key-value engine is not ready", || {
            let response = server.send("GET", "secret/config", &Value::Null)?;
            Ok(response.status == 200)
        })?;
        Ok(server)
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, for `VAULT_ADDR`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the root token.
    #[must_use]
    pub fn root_token(&self) -> &str {
        &self.keys.root
    }

    /// A token with the permissions of a policy in Vault's policy language. It is valid for `uses`
    /// requests, and 0 is unlimited.
    ///
    /// # Errors
    /// Vault rejects the policy.
    pub fn token(&self, policy: &str, uses: u32) -> io::Result<String> {
        let name = format!("test-{}", self.policies.fetch_add(1, Ordering::Relaxed));
        let path = format!("sys/policies/acl/{name}");
        self.call("PUT", &path, &json!({ "policy": policy }))?;
        let token = json!({ "policies": [name], "num_uses": uses });
        let made = self.call("POST", "auth/token/create", &token)?;
        text(&made, "/auth/client_token")
    }

    /// Stores a new version of the secret at `secret/path`.
    ///
    /// # Errors
    /// Vault rejects it.
    pub fn put(&self, path: &str, data: &Value) -> io::Result<()> {
        let path = format!("secret/data/{path}");
        self.call("POST", &path, &json!({ "data": data })).map(drop)
    }

    /// Deletes the newest version of the secret at `secret/path`.
    ///
    /// # Errors
    /// Vault rejects it.
    pub fn delete(&self, path: &str) -> io::Result<()> {
        let path = format!("secret/data/{path}");
        self.call("DELETE", &path, &Value::Null).map(drop)
    }

    /// Sends a request as root to a path below `/v1/`, and returns the JSON of the response.
    ///
    /// # Errors
    /// Vault does not respond, or rejects the request.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let response = self.send(method, path, body)?;
        if !(200..300).contains(&response.status) {
            return Err(io::Error::other(format!(
                "Vault responded with {} to {method} {path}: {}",
                response.status, response.body
            )));
        }
        if response.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&response.body).map_err(io::Error::other)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> io::Result<http::HttpResponse> {
        let token = [("x-vault-token", self.root_token())];
        // Before the initialization the token is empty, and Vault rejects an empty token.
        let headers = if self.keys.root.is_empty() {
            &[][..]
        } else {
            &token[..]
        };
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        http::request(self.address, method, &format!("/v1/{path}"), headers, &body)
    }

    /// Seals it: it responds, and does not return secrets until [`unseal`](Self::unseal).
    ///
    /// # Errors
    /// Vault rejects the request.
    pub fn seal(&self) -> io::Result<()> {
        self.call("PUT", "sys/seal", &Value::Null).map(drop)
    }

    /// Unseals it, and waits until it is active.
    ///
    /// # Errors
    /// Vault rejects the key, or does not become active in time.
    pub fn unseal(&self) -> io::Result<()> {
        self.call("PUT", "sys/unseal", &json!({ "key": self.keys.unseal }))?;
        poll("Vault does not become active", || {
            let response = self.send("GET", "sys/health", &Value::Null)?;
            Ok(response.status == 200)
        })
    }

    /// Starts the server again at the same address with its data, and unseals it.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.run()?;
        self.unseal()
    }

    fn run(&mut self) -> io::Result<()> {
        self.kill();
        let storage = self.folder.path().join("storage");
        fs::create_dir_all(&storage)?;
        let mut command = bound_command(&self.program, None);
        command.arg(self.address.to_string()).arg(storage);
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

fn text(response: &Value, pointer: &str) -> io::Result<String> {
    let text = response.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| io::Error::other(format!("Vault's response has no {pointer}")))
}
