use std::{net::IpAddr, time::SystemTime};

use seaworthy_core::{Actor, Code, Error, Grants, Secret};
use serde_json::Value;

use crate::{Client, InvalidRoom, Room};

/// The first message of a client, which authenticates it.
#[derive(Debug, Clone)]
pub struct Handshake {
    pub(super) namespace: Box<str>,
    pub(super) auth: Value,
    pub(super) address: Option<IpAddr>,
}

impl Handshake {
    /// Returns the namespace, such as `/`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the data that the client sends as `auth`.
    #[must_use]
    pub fn auth(&self) -> &Value {
        &self.auth
    }

    /// Returns the client IP.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Returns the member `token` of `auth`.
    ///
    /// # Errors
    /// The client sent no token.
    pub fn token(&self) -> Result<&str, Error> {
        let token = self.auth.get("token").and_then(Value::as_str);
        token.filter(|token| !token.is_empty()).ok_or_else(|| {
            Error::new(
                Code::Unauthenticated,
                "TOKEN_MISSING",
                "Authentication token required",
            )
        })
    }

    /// Returns the error for a token that is not valid.
    pub fn rejected(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::new(
            Code::Unauthenticated,
            "TOKEN_INVALID",
            "Authentication failed",
        )
        .with_cause(cause)
    }
}

/// An authenticated client of Socket.IO.
#[derive(Debug, Clone)]
pub struct Peer {
    actor: Option<Actor>,
    grants: Grants,
    client: Client,
    token: Option<Secret<String>>,
    expires_at: Option<SystemTime>,
}

impl Peer {
    /// Creates the peer of a user. Its connections join the rooms `user:{id}` and `role:{role}`.
    #[must_use]
    pub fn new(actor: Actor, grants: Grants) -> Self {
        Self {
            client: Client::user(actor.as_str()),
            actor: Some(actor),
            grants,
            token: None,
            expires_at: None,
        }
    }

    /// Creates a peer without a user. Its connections count for its IP address.
    #[must_use]
    pub fn anonymous(handshake: &Handshake) -> Self {
        Self {
            client: handshake.address.map(Client::address).unwrap_or_default(),
            actor: None,
            grants: Grants::default(),
            token: None,
            expires_at: None,
        }
    }

    /// Keeps the token of the client, with which handlers call other services. The token of the
    /// event `auth:refresh` replaces it.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(Secret::new(token.to_owned()));
        self
    }

    /// Sets when the credentials expire. The service then closes the connection, unless the client
    /// has sent new credentials by the event `auth:refresh`.
    #[must_use]
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Returns the user.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// Returns the token that [`with_token`](Self::with_token) has set.
    #[must_use]
    pub fn token(&self) -> Option<&Secret<String>> {
        self.token.as_ref()
    }

    /// Returns the roles and scopes.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn expiry(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Returns the rooms of the user and of its roles.
    pub(super) fn rooms(&self) -> Result<Vec<Room>, InvalidRoom> {
        let user = self
            .actor
            .iter()
            .map(|actor| Room::new("user", actor.as_str()));
        let roles = self.grants.roles().map(|role| Room::new("role", role));
        user.chain(roles).collect()
    }
}
