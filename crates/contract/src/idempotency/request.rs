//! What of a request makes it the same as another.

use axum::http::{HeaderMap, Method, header, request::Parts};
use seaworthy_core::{Code, Error, context};
use sha2::{Digest, Sha256};

use super::{Fingerprint, ScopedKey};

/// The header.
pub(super) const HEADER: &str = "idempotency-key";

/// Longer keys carry no more chance.
const LONGEST_KEY: usize = 255;

/// The key of a request, `None` where it has none or needs none: safe methods repeat themselves.
pub(super) fn key(parts: &Parts) -> Result<Option<ScopedKey>, Error> {
    if parts.method.is_safe() || parts.method == Method::PUT || parts.method == Method::DELETE {
        return Ok(None);
    }
    let mut values = parts.headers.get_all(HEADER).iter();
    let (Some(value), more) = (values.next(), values.next()) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    // The draft has a structured string, in quotes; many clients send it bare.
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let is_printable = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if more.is_some() || text.is_empty() || text.len() > LONGEST_KEY || !is_printable {
        return Err(Error::new(
            Code::Invalid,
            "INVALID_IDEMPOTENCY_KEY",
            "the Idempotency-Key must be one word of 1 to 255 printable characters",
        ));
    }
    let caller = context::with_current(|context| {
        context.map(|context| {
            let tenant = context.tenant().map(|tenant| tenant.as_str().to_owned());
            let actor = context.actor().map(|actor| actor.as_str().to_owned());
            (tenant, actor)
        })
    });
    let (tenant, actor) = caller.unwrap_or_default();
    let caller = (actor, authorization(&parts.headers), tenant);
    Ok(Some(ScopedKey(format!(
        "{}:{text}",
        hex(&digest(&[
            caller.0.unwrap_or_default().as_bytes(),
            // Where nothing has authenticated the caller before this layer, the credentials tell callers apart.
            caller.1,
            caller.2.unwrap_or_default().as_bytes(),
        ]))
    ))))
}

/// The fingerprint of a request.
pub(super) fn fingerprint(parts: &Parts, body: &[u8]) -> Fingerprint {
    let path = parts
        .uri
        .path_and_query()
        .map(|path| path.as_str())
        .unwrap_or_default();
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.as_bytes())
        .unwrap_or_default();
    Fingerprint(digest(&[
        parts.method.as_str().as_bytes(),
        path.as_bytes(),
        media_type,
        body,
    ]))
}

fn authorization(headers: &HeaderMap) -> &[u8] {
    headers
        .get(header::AUTHORIZATION)
        .map(|value| value.as_bytes())
        .unwrap_or_default()
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
