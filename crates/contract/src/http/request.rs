//! Reads one message from body, query and path. The path takes precedence.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{header, request::Parts},
};
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode;
use prost::Message;
use seaworthy_core::{ByteSize, Code, Error};

use super::{accept::Codec, route::RequestBody, template::Capture};
use crate::{
    Naming, Validate, Violations,
    error::{protobuf_problem, reason},
    footprint::{self, Exhausted, WireMessage},
    json::{self, DecodeError, JsonMessage, parameter},
};

/// The maximum characters of the name of an unreadable parameter in a response.
const MAX_NAME_CHARACTERS: usize = 64;

pub(super) async fn read<M>(
    parts: &Parts,
    body: Body,
    bound: RequestBody,
    captures: Vec<Capture>,
    limit: ByteSize,
) -> Result<M, Error>
where
    M: JsonMessage + WireMessage + Message + Default + Validate,
{
    let mut message = M::default();
    let mut violations = Violations::new(Naming::Json);
    if bound != RequestBody::None {
        let bytes = collect(body, limit).await?;
        read_body(parts, &bytes, bound, &mut message, &mut violations)?;
    }
    if let Some(query) = parts.uri.query()
        && bound != RequestBody::Message
    {
        read_query(query, bound, &captures, &mut message, &mut violations);
    }
    violations.clear_given();
    for capture in captures {
        match capture.text {
            Ok(text) => {
                parameter::set(&mut message, capture.field, &text, &mut violations);
            }
            Err(problem) => violations.add(format!("`{}` in the path {problem}", capture.field)),
        }
    }
    // A partly read message is not validated.
    if !violations.is_full() {
        message.validate(&mut violations);
    }
    match (violations.unread(), violations.is_empty()) {
        (_, true) => Ok(message),
        (0, false) => Err(Error::invalid(violations.into_violations())),
        (_, false) => Err(violations.into_violations().into_iter().fold(
            malformed("the request has fields that cannot be read"),
            |error, violation| error.with_field(violation.field, violation.description),
        )),
    }
}

fn malformed(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::Invalid, reason::MALFORMED_REQUEST, message)
}

async fn collect(body: Body, limit: ByteSize) -> Result<Bytes, Error> {
    // A body that declares a larger size is rejected before it is read.
    if body.size_hint().lower() > limit.get() {
        return Err(too_large(limit));
    }
    match Limited::new(body, limit.as_usize()).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(error) => {
            Err(malformed("the body ended before it was complete").with_cause(error.to_string()))
        }
    }
}

fn too_large(limit: ByteSize) -> Error {
    Error::new(
        Code::TooLarge,
        reason::BODY_TOO_LARGE,
        format!("the body is larger than {} bytes", limit.get()),
    )
}

fn read_body<M: JsonMessage + WireMessage + Message + Default>(
    parts: &Parts,
    bytes: &Bytes,
    bound: RequestBody,
    message: &mut M,
    violations: &mut Violations,
) -> Result<(), Error> {
    let codec = match Codec::of_request(&parts.headers) {
        Some(codec) => codec,
        None if bytes.is_empty() && !parts.headers.contains_key(header::CONTENT_TYPE) => {
            return Ok(());
        }
        None => return Err(unsupported()),
    };
    match (codec, bound) {
        (Codec::Json, RequestBody::Field(field)) => {
            json::decode_field_from_slice(bytes, message, field, violations).map_err(request_error)
        }
        (Codec::Json, _) => json::decode_into(bytes, message, violations).map_err(request_error),
        (Codec::Protobuf, RequestBody::Field(_)) => Err(unsupported()),
        (Codec::Protobuf, _) => {
            footprint::check::<M>(bytes)?;
            *message =
                M::decode(bytes.clone()).map_err(|error| malformed(protobuf_problem(&error)))?;
            Ok(())
        }
    }
}

fn request_error(error: DecodeError) -> Error {
    match error {
        DecodeError::TooManyValues => Exhausted::TooManyValues.into(),
        DecodeError::Overloaded => Exhausted::Overloaded.into(),
        DecodeError::Utf8 { .. } | DecodeError::Syntax { .. } => malformed(error.to_string()),
    }
}

fn unsupported() -> Error {
    Error::new(
        Code::UnsupportedMediaType,
        reason::UNSUPPORTED_MEDIA_TYPE,
        "the body's Content-Type must be application/json",
    )
}

fn read_query<M: JsonMessage>(
    query: &str,
    bound: RequestBody,
    captures: &[Capture],
    message: &mut M,
    violations: &mut Violations,
) {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // An empty value counts as absent.
        if value.is_empty() {
            continue;
        }
        let Some(name) = decode(name) else {
            violations.add("the name of a query parameter is not UTF-8");
            continue;
        };
        if is_bound_elsewhere::<M>(&name, bound, captures) {
            continue;
        }
        match decode(value) {
            Some(value) => {
                // Unknown names are ignored, as are unknown JSON members.
                parameter::set(message, &name, &value, violations);
            }
            None => {
                let name: String = name.chars().take(MAX_NAME_CHARACTERS).collect();
                violations.add(format!("the query parameter `{name}` is not UTF-8"));
            }
        }
    }
}

fn is_bound_elsewhere<M: JsonMessage>(
    name: &str,
    bound: RequestBody,
    captures: &[Capture],
) -> bool {
    let first = |path: &str| M::field(path.split('.').next().unwrap_or_default());
    let field = first(name);
    let in_body = match bound {
        RequestBody::Field(body) => field.is_some() && field == first(body),
        RequestBody::None | RequestBody::Message => false,
    };
    in_body
        || captures.iter().any(|capture| {
            capture.field == name
                || (!capture.field.contains('.')
                    && field.is_some()
                    && field == first(capture.field))
        })
}

fn decode(text: &str) -> Option<String> {
    let spaced: Cow<'_, [u8]> = if text.contains('+') {
        Cow::Owned(text.replace('+', " ").into_bytes())
    } else {
        Cow::Borrowed(text.as_bytes())
    };
    percent_decode(&spaced)
        .decode_utf8()
        .ok()
        .map(Cow::into_owned)
}
