//! The beginning of a request body.

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use http_body::Frame;
use http_body_util::{BodyExt as _, BodyStream, StreamBody};

/// Reads at most a little more than `max` bytes of a body. Returns the body for the handler, which
/// begins with these bytes, and the bytes if they are the whole body. An error of the client reaches
/// the handler after the bytes that arrived.
pub(crate) async fn peek(mut body: Body, max: usize) -> (Body, Option<Bytes>) {
    let mut frames: Vec<Result<Frame<Bytes>, axum::Error>> = Vec::new();
    let mut bytes = Vec::new();
    while bytes.len() <= max {
        let Some(frame) = body.frame().await else {
            let bytes = Bytes::from(bytes);
            let is_data =
                |frame: &Result<Frame<Bytes>, _>| frame.as_ref().is_ok_and(|frame| frame.is_data());
            // A body of known length, so that the handler can reject it early.
            let body = match frames.iter().all(is_data) {
                true => Body::from(bytes.clone()),
                false => Body::new(StreamBody::new(stream::iter(frames))),
            };
            return (body, Some(bytes));
        };
        if let Ok(frame) = &frame
            && let Some(data) = frame.data_ref()
        {
            bytes.extend_from_slice(data);
        }
        let is_failed = frame.is_err();
        frames.push(frame);
        if is_failed {
            return (Body::new(StreamBody::new(stream::iter(frames))), None);
        }
    }
    let all = stream::iter(frames).chain(BodyStream::new(body));
    (Body::new(StreamBody::new(all)), None)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const MAX: usize = 10;

    /// Returns a body that sends chunks and then does not end.
    fn endless(chunks: Vec<Result<&'static str, std::io::Error>>) -> Body {
        let chunks = stream::iter(chunks).map(|chunk| chunk.map(Bytes::from));
        Body::from_stream(chunks.chain(stream::pending()))
    }

    #[tokio::test]
    async fn long_body_is_not_read_to_its_end_obs_11() {
        let body = endless(vec![Ok("12345"), Ok("678901")]);
        let (body, whole) = peek(body, MAX).now_or_never().unwrap();
        assert_eq!(whole, None);
        let mut chunks = body.into_data_stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "12345");
        assert_eq!(chunks.next().await.unwrap().unwrap(), "678901");
        assert!(chunks.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn bytes_of_a_failed_body_reach_the_handler_obs_11() {
        let body = endless(vec![Ok("12345"), Err(std::io::Error::other("reset"))]);
        let (body, whole) = peek(body, MAX).now_or_never().unwrap();
        assert_eq!(whole, None);
        let mut chunks = body.into_data_stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "12345");
        assert!(chunks.next().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn short_body_is_returned_whole_obs_11() {
        let (body, whole) = peek(Body::from("1234567890"), MAX).await;
        assert_eq!(whole.unwrap(), "1234567890");
        let read = body.collect().await.unwrap().to_bytes();
        assert_eq!(read, "1234567890");
    }
}
