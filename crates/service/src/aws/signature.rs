use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};
use chrono::{DateTime, Utc};
use seaworthy_core::Secret;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of each credential scope.
const TERMINATOR: &str = "aws4_request";

/// Credentials of AWS.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: Secret<String>,
    pub(super) session_token: Option<Secret<String>>,
}

/// A request, as Signature Version 4 signs it.
pub(super) struct Canonical<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// The signed headers by lower-case name, including `host` and `x-amz-date`.
    pub(super) headers: &'a BTreeMap<&'static str, String>,
    pub(super) body: &'a [u8],
}

/// The region and the service that a signature is for.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) at: DateTime<Utc>,
}

impl Scope<'_> {
    /// Returns the value of `x-amz-date`.
    pub(super) fn date_time(&self) -> String {
        self.at.format("%Y%m%dT%H%M%SZ").to_string()
    }

    fn date(&self) -> String {
        self.at.format("%Y%m%d").to_string()
    }
}

/// Returns the header `authorization` of a request (Signature Version 4).
pub(super) fn authorization(
    request: &Canonical<'_>,
    scope: &Scope<'_>,
    credentials: &Credentials,
) -> String {
    let names: Vec<&str> = request.headers.keys().copied().collect();
    let names = names.join(";");
    let lines = request.headers.iter();
    let headers: String = lines
        .map(|(name, value)| format!("{name}:{}\n", value.trim()))
        .collect();
    let canonical = [
        request.method,
        request.path,
        request.query,
        &headers,
        &names,
        &hash(request.body),
    ]
    .join("\n");
    let Scope {
        region, service, ..
    } = scope;
    let place = format!("{}/{region}/{service}/{TERMINATOR}", scope.date());
    let to_sign = [
        ALGORITHM,
        &scope.date_time(),
        &place,
        &hash(canonical.as_bytes()),
    ]
    .join("\n");
    let secret = format!("AWS4{}", credentials.secret_access_key.expose());
    let date = scope.date();
    let parts = [date.as_str(), region, service, TERMINATOR, &to_sign];
    let signature = parts.iter().fold(secret.into_bytes(), |key, part| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::sign(&key, part.as_bytes()).as_ref().to_vec()
    });
    let id = &credentials.access_key_id;
    format!(
        "{ALGORITHM} Credential={id}/{place}, SignedHeaders={names}, Signature={}",
        hex(&signature)
    )
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
