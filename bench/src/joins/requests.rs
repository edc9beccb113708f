use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;

use super::KEY;
use crate::{Failure, load::Requests};

/// Lifetime of the tokens, longer than any run.
const LIFE: Duration = Duration::from_secs(3_600);

/// Returns the requests of each client, `all` in total. Each request has its own user and
/// idempotency key, and the events alternate.
pub(super) fn for_clients(clients: u32, events: u32, all: f64) -> Result<Vec<Requests>, Failure> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of requests is small"
    )]
    let share = (all / f64::from(clients)).ceil() as u32;
    let expires = (SystemTime::now().duration_since(UNIX_EPOCH)? + LIFE).as_secs();
    let key = EncodingKey::from_secret(KEY.as_bytes());
    (0..clients)
        .map(|client| {
            (0..share)
                .map(|number| request(&key, expires, (client + number) % events + 1))
                .collect()
        })
        .collect()
}

fn request(key: &EncodingKey, expires: u64, event: u32) -> Result<Vec<u8>, Failure> {
    let user = Uuid::new_v4();
    let claims = json!({ "iss": "bench", "sub": user, "uid": user, "username": "u", "role": "user", "exp": expires });
    let token = encode(&Header::default(), &claims, key)?;
    let body = json!({ "event_id": format!("00000000-0000-4000-8000-{event:012x}") }).to_string();
    Ok(format!(
        "POST /api/v1/join HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\nidempotency-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        Uuid::new_v4(),
        body.len()
    )
    .into_bytes())
}
