//! Keys and fingerprints of requests.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header, request::Parts};
use seaworthy_core::{Code, Error, context, network_of};
use sha2::{Digest, Sha256};

use super::{Fingerprint, ScopedKey};
use crate::error::reason;

pub(super) const HEADER: &str = "idempotency-key";

/// The maximum length of a key. Random keys are shorter.
const MAX_KEY_LENGTH: usize = 255;

/// Returns the key of a request. `None` if it has no key, or its method is safe.
pub(super) fn key(parts: &Parts, required: bool) -> Result<Option<ScopedKey>, Error> {
    if parts.method.is_safe() {
        return Ok(None);
    }
    let mut values = parts.headers.get_all(HEADER).iter();
    let (Some(value), more) = (values.next(), values.next()) else {
        return if required {
            Err(Error::new(
                Code::Invalid,
                reason::MISSING_IDEMPOTENCY_KEY,
                "the header Idempotency-Key is missing: send a new random key with each request",
            ))
        } else {
            Ok(None)
        };
    };
    let text = value.to_str().unwrap_or_default().trim();
    // The draft requires quotes around the key, but many clients omit them.
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let is_valid = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if more.is_some() || text.is_empty() || text.len() > MAX_KEY_LENGTH || !is_valid {
        return Err(Error::new(
            Code::Invalid,
            reason::INVALID_IDEMPOTENCY_KEY,
            "the header Idempotency-Key is not valid: send it once, with 1 to 255 printable ASCII characters, without spaces or quotes inside",
        ));
    }
    Ok(Some(ScopedKey {
        text: format!("{}:{text}", hex(&caller(parts))).into(),
        owner: hex(&owner()).into(),
    }))
}

/// Returns the identity of the caller: the actor, else the credentials. Not both, because a client
/// may renew its token between two attempts. A caller without credentials is identified by cookies
/// and address, so that two anonymous callers with the same key do not share responses.
fn caller(parts: &Parts) -> [u8; 32] {
    context::with_current(|context| {
        let tenant = context.and_then(|context| context.tenant());
        let tenant = tenant.map_or("", |tenant| tenant.as_str()).as_bytes();
        match context.and_then(|context| context.actor()) {
            Some(actor) => digest(&[b"actor", actor.as_str().as_bytes(), tenant]),
            None => match &*joined(&parts.headers, header::AUTHORIZATION) {
                b"" => {
                    let address = context.and_then(|context| context.client_address());
                    let address = address.map(|address| address.to_string());
                    let address = address.as_deref().unwrap_or_default().as_bytes();
                    // HTTP/2 clients may send each cookie in a separate header.
                    let cookies = parts.headers.get_all(header::COOKIE).iter();
                    let parts: Vec<&[u8]> = [b"anonymous".as_slice(), address, tenant]
                        .into_iter()
                        .chain(cookies.map(|cookie| cookie.as_bytes()))
                        .collect();
                    digest(&parts)
                }
                credentials => digest(&[b"credentials", credentials, tenant]),
            },
        }
    })
}

/// Returns the owner of the key: the actor, or the client address. Callers can invent credentials
/// and cookies that are not verified, so these do not count as owners.
fn owner() -> [u8; 32] {
    context::with_current(|context| {
        let tenant = context.and_then(|context| context.tenant());
        let tenant = tenant.map_or("", |tenant| tenant.as_str()).as_bytes();
        if let Some(actor) = context.and_then(|context| context.actor()) {
            return digest(&[b"actor", actor.as_str().as_bytes(), tenant]);
        }
        let address = context.and_then(|context| context.client_address());
        match address.map(network_of) {
            Some(IpAddr::V4(address)) => digest(&[b"v4", &address.octets()]),
            Some(IpAddr::V6(network)) => digest(&[b"v6", &network.octets()]),
            None => digest(&[b"no address"]),
        }
    })
}

/// Returns the fingerprint of a request.
pub(super) fn fingerprint(parts: &Parts, body: &[u8]) -> Fingerprint {
    let path = parts
        .uri
        .path_and_query()
        .map(|path| path.as_str())
        .unwrap_or_default();
    let media_types = joined(&parts.headers, header::CONTENT_TYPE);
    Fingerprint(digest(&[
        parts.method.as_str().as_bytes(),
        path.as_bytes(),
        &media_types,
        body,
    ]))
}

/// Returns all values of a header, because the layer cannot determine which of them applies. The
/// separator is a byte that no value contains.
fn joined(headers: &HeaderMap, name: HeaderName) -> Vec<u8> {
    let values: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    values.join(&0)
}

/// Hashes each part after its length, so that different lists have different digests.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
