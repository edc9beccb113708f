//! Requests with placeholders and access tokens.

use std::{
    fs,
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::Failure;

/// Lifetime of the tokens. A run renews a token after half of it.
const TTL: Duration = Duration::from_secs(3_600);

/// A request, as `METHOD PATH [BODY]`. `{event}`, `{user}` and `{key}` are replaced by the ID of an
/// event, the ID of the user and a new UUID.
#[derive(Debug, Clone)]
pub(crate) struct RequestTemplate {
    pub(super) method: Method,
    pub(super) path: String,
    body: Option<String>,
}

impl FromStr for RequestTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ' ');
        let method = parts.next().unwrap_or_default();
        let path = parts.next().unwrap_or_default();
        if !path.starts_with('/') {
            return Err(format!("`{text}` is not METHOD PATH [BODY]"));
        }
        Ok(Self {
            method: method
                .parse()
                .map_err(|_| format!("`{method}` is not a method"))?,
            path: path.to_owned(),
            body: parts.next().map(str::to_owned),
        })
    }
}

/// The users and events of the requests.
pub(super) struct Population {
    users: Vec<User>,
    key: EncodingKey,
    events: Vec<String>,
}

struct User {
    id: Uuid,
    token: Mutex<Option<Token>>,
}

/// An access token, and the time at which another one replaces it.
struct Token {
    text: Arc<str>,
    renewal: SystemTime,
}

impl User {
    fn new() -> Self {
        Self {
            id: Uuid::new_v4(),
            token: Mutex::default(),
        }
    }

    /// Returns a token that is valid for at least half of its lifetime.
    fn token(&self, key: &EncodingKey, now: SystemTime) -> Result<Arc<str>, Failure> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &*token
            && now < token.renewal
        {
            return Ok(Arc::clone(&token.text));
        }
        let expires = (now.duration_since(UNIX_EPOCH)? + TTL).as_secs();
        let id = self.id;
        let claims = json!({ "iss": "auth-service", "sub": id, "uid": id, "username": "u", "role": "user", "exp": expires });
        let text: Arc<str> = encode(&Header::default(), &claims, key)?.into();
        *token = Some(Token {
            text: Arc::clone(&text),
            renewal: now + TTL / 2,
        });
        Ok(text)
    }
}

impl Population {
    /// Creates users whose access tokens have this secret, and reads the IDs of events, one per
    /// line.
    pub(super) fn new(users: u32, secret: &str, events: Option<&Path>) -> Result<Self, Failure> {
        let events = match events {
            Some(file) => fs::read_to_string(file)?,
            None => String::new(),
        };
        Ok(Self {
            users: (0..users.max(1)).map(|_| User::new()).collect(),
            key: EncodingKey::from_secret(secret.as_bytes()),
            events: events.split_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Returns the request with this number. The number of users may be a multiple of the number of
    /// events. The pairs of both repeat only after all of them were used.
    pub(super) fn request(
        &self,
        client: &reqwest::Client,
        base: &str,
        template: &RequestTemplate,
        number: usize,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let round = number / self.users.len();
        let user = self.users.get(number % self.users.len());
        let user = user.ok_or("there are no users")?;
        let token = user.token(&self.key, SystemTime::now())?;
        let event = (number + round)
            .checked_rem(self.events.len())
            .and_then(|index| self.events.get(index));
        let fill = |text: &str| {
            text.replace("{event}", event.map_or("", String::as_str))
                .replace("{user}", &user.id.to_string())
                .replace("{key}", &Uuid::new_v4().to_string())
        };
        let url = format!("{}{}", base.trim_end_matches('/'), fill(&template.path));
        let mut request = client
            .request(template.method.clone(), url)
            .bearer_auth(token);
        if template.method != Method::GET {
            request = request.header("idempotency-key", Uuid::new_v4().to_string());
        }
        if let Some(body) = &template.body {
            request = request
                .header("content-type", "application/json")
                .body(fill(body));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;

    #[test]
    fn pairs_of_users_and_events_do_not_repeat() {
        let mut population = Population::new(20, "secret", None).unwrap();
        population.events = (0..5).map(|number| number.to_string()).collect();
        let template: RequestTemplate = "PUT /{event}/{user}".parse().unwrap();
        let client = reqwest::Client::new();
        let url = |number| {
            let request = population.request(&client, "http://localhost/", &template, number);
            request.unwrap().build().unwrap().url().to_string()
        };
        let urls: HashSet<String> = (0..100).map(url).collect();
        assert_eq!(urls.len(), 100);
        assert!("GET events".parse::<RequestTemplate>().is_err());
    }

    /// A soak of hours would otherwise fail after the lifetime of its first tokens.
    #[test]
    fn tokens_are_renewed_before_they_expire_ship_6() {
        let (user, key) = (User::new(), EncodingKey::from_secret(b"secret"));
        let start = SystemTime::now();
        let expiry = |token: &str| {
            let validation = Validation::default();
            let secret = DecodingKey::from_secret(b"secret");
            let token = decode::<serde_json::Value>(token, &secret, &validation).unwrap();
            UNIX_EPOCH + Duration::from_secs(token.claims["exp"].as_u64().unwrap())
        };
        let first = user.token(&key, start).unwrap();
        assert_eq!(user.token(&key, start + TTL / 3).unwrap(), first);
        for quarters in 1..20 {
            let now = start + TTL / 4 * quarters;
            let token = user.token(&key, now).unwrap();
            assert!(expiry(&token) > now + TTL / 3, "{quarters}");
        }
    }
}
