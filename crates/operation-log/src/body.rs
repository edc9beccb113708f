//! The beginning of a request body, and the size of a long one.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use http_body::Frame;
use http_body_util::{BodyExt as _, BodyStream, StreamBody};
use serde_json::{Value, json};

/// The part of a body that the log reads.
pub(crate) enum Peeked {
    /// The whole body.
    Whole(Bytes),
    /// The body is too long or in another format. The handler of the request reads it later.
    Summarized(Summary),
    /// The client did not send all of it.
    Failed,
}

/// The size, in bytes, of the part of a body that its handler has read. It has no hash, as a reader
/// of the log could guess a short body, such as a form with a password.
#[derive(Clone)]
pub(crate) struct Summary(Arc<AtomicU64>);

impl Summary {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let summary = Self(Arc::default());
        summary.add(bytes);
        summary
    }

    fn add(&self, bytes: &[u8]) {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.fetch_add(size, Ordering::Relaxed);
    }

    /// Returns the JSON that is stored in place of the content.
    pub(crate) fn json(&self) -> Value {
        json!({ "unread": { "size": self.0.load(Ordering::Relaxed) } })
    }
}

/// Reads about `max` bytes of a body. Reads only the first bytes if they show that the body is not
/// readable. Returns the body for the handler, which begins with the bytes that were read. An error
/// of the client reaches the handler after the bytes that arrived.
pub(crate) async fn peek(
    mut body: Body,
    max: usize,
    is_readable: impl Fn(&[u8]) -> bool,
) -> (Body, Peeked) {
    let mut bytes = Vec::new();
    while bytes.len() <= max {
        let Some(frame) = body.frame().await else {
            let bytes = Bytes::from(bytes);
            // A body of known length, so that the handler can reject it early.
            return (Body::from(bytes.clone()), Peeked::Whole(bytes));
        };
        let data = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => data,
            // The frame contains trailers, which end the body.
            Ok(Err(last)) => {
                let bytes = Bytes::from(bytes);
                let frames = [Ok(Frame::data(bytes.clone())), Ok(last)];
                let all = stream::iter(frames).chain(BodyStream::new(body));
                return (Body::new(StreamBody::new(all)), Peeked::Whole(bytes));
            }
            Err(error) => {
                let frames = [Ok(Frame::data(Bytes::from(bytes))), Err(error)];
                let all = stream::iter(frames);
                return (Body::new(StreamBody::new(all)), Peeked::Failed);
            }
        };
        bytes.extend_from_slice(&data);
        if !bytes.is_empty() && !is_readable(&bytes) {
            // The body is in another format, such as protobuf.
            break;
        }
    }
    let summary = Summary::of(&bytes);
    let body = rest(bytes, body, summary.clone());
    (body, Peeked::Summarized(summary))
}

/// Returns a body of the bytes that were read and of the rest, which a summary counts.
fn rest(read: Vec<u8>, body: Body, summary: Summary) -> Body {
    let first = stream::iter([Ok(Frame::data(Bytes::from(read)))]);
    let rest = BodyStream::new(body).inspect(move |frame| {
        let data = frame.as_ref().ok().and_then(Frame::data_ref);
        if let Some(data) = data {
            summary.add(data);
        }
    });
    Body::new(StreamBody::new(first.chain(rest)))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const MAX: usize = 10;

    fn any(_: &[u8]) -> bool {
        true
    }

    /// Returns a body that sends chunks and then does not end.
    fn endless(chunks: Vec<Result<&'static str, std::io::Error>>) -> Body {
        let chunks = stream::iter(chunks).map(|chunk| chunk.map(Bytes::from));
        Body::from_stream(chunks.chain(stream::pending()))
    }

    #[tokio::test]
    async fn long_body_is_not_read_to_its_end_obs_11() {
        let body = endless(vec![Ok("12345"), Ok("678901"), Ok("2")]);
        let (body, peeked) = peek(body, MAX, any).now_or_never().unwrap();
        let Peeked::Summarized(summary) = peeked else {
            panic!("the body is long");
        };
        assert_eq!(summary.json()["unread"]["size"], 11);
        let mut chunks = body.into_data_stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "12345678901");
        assert_eq!(chunks.next().await.unwrap().unwrap(), "2");
        assert!(chunks.next().now_or_never().is_none());
        let expected = Summary::of(b"123456789012").json();
        assert_eq!(summary.json(), expected);
        assert_eq!(expected["unread"]["size"], 12);
    }

    #[tokio::test]
    async fn unreadable_body_is_not_waited_for_obs_11() {
        let body = endless(vec![Ok("PK"), Ok("34")]);
        let is_json = |bytes: &[u8]| bytes.starts_with(b"{");
        let (body, peeked) = peek(body, MAX, is_json).now_or_never().unwrap();
        let Peeked::Summarized(summary) = peeked else {
            panic!("the body is not readable");
        };
        let mut chunks = body.into_data_stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "PK");
        assert_eq!(chunks.next().await.unwrap().unwrap(), "34");
        assert_eq!(summary.json(), Summary::of(b"PK34").json());
    }

    #[tokio::test]
    async fn bytes_of_a_failed_body_reach_the_handler_obs_11() {
        let body = endless(vec![Ok("12345"), Err(std::io::Error::other("reset"))]);
        let (body, peeked) = peek(body, MAX, any).now_or_never().unwrap();
        assert!(matches!(peeked, Peeked::Failed));
        let mut chunks = body.into_data_stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "12345");
        assert!(chunks.next().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn short_body_is_returned_whole_obs_11() {
        let (body, peeked) = peek(Body::from("1234567890"), MAX, any).await;
        let Peeked::Whole(whole) = peeked else {
            panic!("the body is short");
        };
        assert_eq!(whole, "1234567890");
        let read = body.collect().await.unwrap().to_bytes();
        assert_eq!(read, "1234567890");
    }
}
