//! A real OpenID provider: `oidc-provider` of npm, which is certified by the OpenID Foundation.

use std::{collections::BTreeMap, fs, io, net::SocketAddr, path::PathBuf};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens},
    spawner::bound_command,
};
use crate::http;

const PROGRAM: &str = include_str!("oidc_provider.mjs");
/// Maximum number of steps of a login, which takes four. More steps are a redirect loop.
const MAX_STEPS: usize = 10;
/// The program that finds another program by its name.
const ENV: &str = "/usr/bin/env";
/// Node.js in the folder of the modules, for a system whose Node.js is too old.
const OWN_NODE: &str = ".bin/node";

/// A running provider. Dropping this kills it.
#[derive(Debug)]
pub struct OidcProvider {
    modules: PathBuf,
    configuration: String,
    folder: TempDir,
    address: SocketAddr,
    process: Process,
}

/// The users and clients of the provider.
#[derive(Debug, Clone, Default)]
pub struct OidcRegistrations {
    clients: Vec<Value>,
    accounts: BTreeMap<String, Value>,
    claims_in_token: bool,
    usual: Option<String>,
}

impl OidcRegistrations {
    /// Creates registrations without accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a client with one redirect address. `more` is a JSON object with further
    /// metadata of RFC 7591.
    #[must_use]
    pub fn client(mut self, id: &str, secret: &str, redirect_uri: &str, more: &Value) -> Self {
        let mut client =
            json!({ "client_id": id, "client_secret": secret, "redirect_uris": [redirect_uri] });
        if let (Some(client), Some(more)) = (client.as_object_mut(), more.as_object()) {
            client.extend(more.clone());
        }
        self.clients.push(client);
        self
    }

    /// Adds an account. `email_verified` states whether the provider has verified its address.
    #[must_use]
    pub fn account(mut self, subject: &str, email: &str, email_verified: bool) -> Self {
        let claims = json!({ "email": email, "email_verified": email_verified, "name": subject });
        self.accounts.insert(subject.to_owned(), claims);
        self
    }

    /// Sets the account that logs in if a browser does not name one.
    #[must_use]
    pub fn default_account(mut self, subject: &str) -> Self {
        self.usual = Some(subject.to_owned());
        self
    }

    /// Puts the claims of a user into the ID token too, and not only into the userinfo.
    #[must_use]
    pub fn claims_in_token(mut self) -> Self {
        self.claims_in_token = true;
        self
    }
}

impl OidcProvider {
    /// Starts the provider with the modules in the folder that `SEAWORTHY_TEST_OIDC_PROVIDER`
    /// names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(
        modules: impl Into<PathBuf>,
        registrations: &OidcRegistrations,
    ) -> io::Result<Self> {
        let configuration = json!({
            "clients": registrations.clients,
            "accounts": registrations.accounts,
            "claimsInToken": registrations.claims_in_token,
            "usual": registrations.usual,
        });
        let mut server = Self {
            modules: modules.into(),
            configuration: configuration.to_string(),
            folder: folder(None)?,
            address: free_address()?,
            process: Process::default(),
        };
        server.restart()?;
        Ok(server)
    }

    /// Returns the issuer, which is its own URL.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it again at the same address, with new keys and without its previous state.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let program = self.folder.path().join("provider.mjs");
        fs::write(&program, PROGRAM)?;
        let own = self.modules.join(OWN_NODE);
        let mut command = bound_command(ENV.as_ref(), None);
        command
            .arg(if own.exists() { own } else { "node".into() })
            .arg(program)
            .arg(&self.modules)
            .arg(self.address.port().to_string())
            .arg(&self.configuration);
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Makes the server accept connections and never respond, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Opens the login URL of a client and logs in as `account`. Returns the URL to which the
    /// provider redirects the browser.
    ///
    /// # Errors
    /// The provider rejects the request, or does not respond.
    pub fn log_in(&self, address: &str, account: &str) -> io::Result<String> {
        let mut cookies = BTreeMap::new();
        let mut next = format!("{address}&login_hint={account}");
        let own = self.issuer();
        for _ in 0..MAX_STEPS {
            let Some(path) = next
                .strip_prefix(&own)
                .or_else(|| next.starts_with('/').then_some(&*next))
            else {
                return Ok(next);
            };
            let held: Vec<_> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let response = http::request(
                self.address,
                "GET",
                path,
                &[("cookie", &held.join("; "))],
                "",
            )?;
            for (_, cookie) in response
                .headers
                .iter()
                .filter(|(name, _)| name == "set-cookie")
            {
                let pair = cookie.split(';').next().unwrap_or_default();
                if let Some((name, value)) = pair.split_once('=') {
                    cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            next = match response.header("location") {
                Some(location) => location.to_owned(),
                None => {
                    return Err(io::Error::other(format!(
                        "the provider responded with {}: {}",
                        response.status, response.body
                    )));
                }
            };
        }
        Err(io::Error::other("the provider goes in circles"))
    }
}
