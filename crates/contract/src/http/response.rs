use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use prost::Message;
use seaworthy_core::Error;

use super::accept::Codec;
use crate::json::{self, Encoder};

/// Returns the response of a unary method.
pub(super) fn single<A: Message>(
    headers: &HeaderMap,
    message: &A,
    whole: bool,
    write: fn(&A, &mut Encoder),
) -> Result<Response, Error> {
    let codec = if whole {
        Codec::of_accept(headers)
    } else {
        Codec::Json
    };
    let body = match codec {
        Codec::Json => {
            json::write_with(|encoder| write(message, encoder)).map_err(Error::internal)?
        }
        Codec::Protobuf => message.encode_to_vec(),
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, codec.content_type());
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}
