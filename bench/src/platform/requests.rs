//! Requests with placeholders and access tokens.

use std::{
    fs,
    path::Path,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::Failure;

/// Lifetime of the tokens, longer than any run.
const LIFE: Duration = Duration::from_secs(3_600);

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
#[derive(Debug)]
pub(super) struct Population {
    users: Vec<(Uuid, String)>,
    events: Vec<String>,
}

impl Population {
    /// Creates users with access tokens, and reads the IDs of events, one per line.
    pub(super) fn new(users: u32, secret: &str, events: Option<&Path>) -> Result<Self, Failure> {
        let expires = (SystemTime::now().duration_since(UNIX_EPOCH)? + LIFE).as_secs();
        let key = EncodingKey::from_secret(secret.as_bytes());
        let user = |_| -> Result<(Uuid, String), Failure> {
            let id = Uuid::new_v4();
            let claims = json!({ "iss": "auth-service", "sub": id, "uid": id, "username": "u", "role": "user", "exp": expires });
            Ok((id, encode(&Header::default(), &claims, &key)?))
        };
        let events = match events {
            Some(file) => fs::read_to_string(file)?,
            None => String::new(),
        };
        Ok(Self {
            users: (0..users.max(1)).map(user).collect::<Result<_, _>>()?,
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
        let (user, token) = user.ok_or("there are no users")?;
        let event = (number + round)
            .checked_rem(self.events.len())
            .and_then(|index| self.events.get(index));
        let fill = |text: &str| {
            text.replace("{event}", event.map_or("", String::as_str))
                .replace("{user}", &user.to_string())
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

    use super::*;

    #[test]
    fn pairs_of_users_and_events_do_not_repeat() {
        let population = Population {
            users: (0..20).map(|_| (Uuid::new_v4(), String::new())).collect(),
            events: (0..5).map(|number| number.to_string()).collect(),
        };
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
}
