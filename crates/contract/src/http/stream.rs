//! Streams of messages over HTTP: JSON lines, or server-sent events if the client requests them.
//!
//! The status is sent before the first message. An error in the middle is therefore the last
//! element: a line `{"error": …}`, or an event named `error`. A stream that ends without one is
//! complete.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use seaworthy_core::{Error, Problem, context};

use super::accept::StreamForm;
use crate::{
    MessageStream,
    error::ErrorFormat,
    json::{self, Encoder},
};

/// The media type of JSON lines.
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

pub(super) fn streaming<A: Send + 'static>(
    headers: &HeaderMap,
    messages: MessageStream<A>,
    write: fn(&A, &mut Encoder),
    errors: Arc<dyn ErrorFormat>,
) -> Response {
    let elements = until_failure(messages.map(move |message| {
        message.and_then(|message| {
            json::write_with(|encoder| write(&message, encoder)).map_err(Error::internal)
        })
    }))
    .map(move |element| {
        element.map_err(|error| {
            crate::error::log_in_stream(&error);
            problem(&errors.adapt(error))
        })
    });
    match StreamForm::of_accept(headers) {
        StreamForm::Lines => {
            let lines = elements.map(|element| {
                let mut line = match element {
                    Ok(line) => line,
                    Err(problem) => [b"{\"error\":".as_slice(), &problem, b"}"].concat(),
                };
                line.push(b'\n');
                Ok::<_, Infallible>(Bytes::from(line))
            });
            let mut response = Response::new(Body::from_stream(lines));
            response.headers_mut().insert(header::CONTENT_TYPE, LINES);
            response
        }
        StreamForm::Events => {
            let events = elements.map(|element| {
                Ok::<_, Infallible>(match element {
                    Ok(message) => Event::default().data(text(message)),
                    Err(problem) => Event::default().event("error").data(text(problem)),
                })
            });
            Sse::new(events)
                .keep_alive(KeepAlive::default())
                .into_response()
        }
    }
}

/// Returns the elements up to the first error, including it.
fn until_failure<T>(
    elements: impl Stream<Item = Result<T, Error>>,
) -> impl Stream<Item = Result<T, Error>> {
    stream::unfold(Some(Box::pin(elements)), |elements| async move {
        let mut elements = elements?;
        let element = elements.next().await?;
        let rest = element.is_ok().then_some(elements);
        Some((element, rest))
    })
}

fn problem(error: &Error) -> Vec<u8> {
    context::with_current(|context| {
        serde_json::to_vec(&Problem::new(
            error,
            context.map(|context| context.request_id()),
        ))
    })
    .unwrap_or_default()
}

/// Converts encoded JSON to text. The encoder always writes UTF-8.
fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}
