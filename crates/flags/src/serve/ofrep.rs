use std::fmt::Write as _;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use seaworthy_http::{Path, Routes};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::listing::read_context;
use crate::{Context, Definition, ErrorCode, Flags, Resolved};

impl Flags {
    /// Returns the routes of the OpenFeature Remote Evaluation Protocol (OFREP) 0.3, over which
    /// clients in other languages evaluate the flags of this service.
    ///
    /// The context is that of the client. Set the access of the routes with
    /// [`Routes::with_options`], because a client can read every flag.
    pub fn ofrep(&self) -> Routes {
        Routes::new()
            .post("/ofrep/v1/evaluate/flags/{key}", one)
            .post("/ofrep/v1/evaluate/flags", all)
            .with_state(self.clone())
    }
}

async fn one(State(flags): State<Flags>, Path(key): Path<String>, body: Bytes) -> Response {
    let context = match context(&body) {
        Ok(context) => context,
        Err(mut problem) => {
            problem.insert("key".to_owned(), key.into());
            return respond(StatusCode::BAD_REQUEST, problem);
        }
    };
    let set = flags.set();
    let result = flags.resolve(&key, &context, |resolved| {
        evaluation(&key, set.get(&key), &resolved)
    });
    let status = match result.get("errorCode").and_then(Value::as_str) {
        None => StatusCode::OK,
        Some(code) if code == ErrorCode::FlagNotFound.as_str() => StatusCode::NOT_FOUND,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    respond(status, result)
}

async fn all(State(flags): State<Flags>, headers: HeaderMap, body: Bytes) -> Response {
    let context = match context(&body) {
        Ok(context) => context,
        Err(problem) => return respond(StatusCode::BAD_REQUEST, problem),
    };
    let set = flags.set();
    let results = set.iter().map(|flag| {
        flags.resolve(flag.key(), &context, |resolved| {
            Value::Object(evaluation(flag.key(), Some(flag), &resolved))
        })
    });
    let body =
        json!({"flags": results.collect::<Vec<_>>(), "metadata": set.metadata()}).to_string();
    // The results depend on the set, the context and the time, so the tag covers the whole body.
    let mut tag = String::from("\"");
    for byte in Sha256::digest(&body) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    let known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if known {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let json = (CONTENT_TYPE, "application/json".to_owned());
    (StatusCode::OK, [json, (ETAG, tag)], body).into_response()
}

/// Returns an evaluation in OFREP. A missing value means the default of the client's code.
fn evaluation(key: &str, flag: Option<&Definition>, resolved: &Resolved<'_>) -> Map<String, Value> {
    let mut result = Map::new();
    result.insert("key".to_owned(), key.into());
    if let Some(error) = resolved.error {
        result.insert("errorCode".to_owned(), error.as_str().into());
        let details = match error {
            ErrorCode::FlagNotFound => "the flag does not exist",
            ErrorCode::ParseError => "the rule of the flag is not valid",
            _ => "the rule of the flag names a variant that does not exist",
        };
        result.insert("errorDetails".to_owned(), details.into());
    } else {
        result.insert("reason".to_owned(), resolved.reason.as_str().into());
    }
    if let Some(variant) = resolved.variant {
        result.insert("variant".to_owned(), variant.name().into());
        result.insert("value".to_owned(), variant.value().clone());
    }
    let metadata = flag.map(|flag| flag.metadata().clone()).unwrap_or_default();
    result.insert("metadata".to_owned(), Value::Object(metadata));
    result
}

fn context(body: &[u8]) -> Result<Context, Map<String, Value>> {
    let fail = |code: &str, details: &str| {
        Map::from_iter([
            ("errorCode".to_owned(), code.into()),
            ("errorDetails".to_owned(), details.into()),
        ])
    };
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| fail("PARSE_ERROR", "the body must be a JSON object"))?;
    match body.get("context") {
        None => Ok(Context::new()),
        Some(fields) => read_context(fields).map_err(|details| fail("INVALID_CONTEXT", details)),
    }
}

fn respond(status: StatusCode, body: Map<String, Value>) -> Response {
    let json = [(CONTENT_TYPE, "application/json")];
    (status, json, Value::Object(body).to_string()).into_response()
}
