//! What of a request makes it the same as another.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header, request::Parts};
use seaworthy_core::{Code, Error, context, network_of};
use sha2::{Digest, Sha256};

use super::{Fingerprint, ScopedKey};
use crate::error::reason;

/// The header.
pub(super) const HEADER: &str = "idempotency-key";

/// Longer keys carry no more chance.
const LONGEST_KEY: usize = 255;

/// The key of a request, `None` where it has none or needs none: safe methods repeat themselves.
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
                "the request needs an Idempotency-Key",
            ))
        } else {
            Ok(None)
        };
    };
    let text = value.to_str().unwrap_or_default().trim();
    // The draft has a structured string, in quotes; many clients send it bare.
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let is_word = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if more.is_some() || text.is_empty() || text.len() > LONGEST_KEY || !is_word {
        return Err(Error::new(
            Code::Invalid,
            reason::INVALID_IDEMPOTENCY_KEY,
            "the Idempotency-Key must be one word of 1 to 255 printable characters without quotes",
        ));
    }
    Ok(Some(ScopedKey {
        text: format!("{}:{text}", hex(&caller(parts))).into(),
        share: hex(&share()).into(),
    }))
}

/// Who sent a request: its actor, or its credentials where nothing has authenticated it before this layer. Not both, because a token that
/// was renewed between two tries belongs to the same caller. Whoever sent no credentials is known by their cookies and address: two strangers who choose the same key must not see each other's answers.
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
                    // Over HTTP/2 they may come one by one.
                    let cookies = parts.headers.get_all(header::COOKIE).iter();
                    let told: Vec<&[u8]> = [b"stranger".as_slice(), address, tenant]
                        .into_iter()
                        .chain(cookies.map(|cookie| cookie.as_bytes()))
                        .collect();
                    digest(&told)
                }
                credentials => digest(&[b"credentials", credentials, tenant]),
            },
        }
    })
}

/// Whose share of the store a request takes: that of its actor, or that of its address. Credentials and cookies that nothing has verified are free to invent, and so make no
/// share of their own.
fn share() -> [u8; 32] {
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

/// The fingerprint of a request.
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

/// Returns all values of a header, because the layer does not know which of them counts. The
/// separator is a byte that no value contains.
fn joined(headers: &HeaderMap, name: HeaderName) -> Vec<u8> {
    let values: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    values.join(&0)
}

/// Each part with its length before it, so that no two lists of parts are one text.
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
