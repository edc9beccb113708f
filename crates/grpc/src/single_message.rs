use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use http_body::Frame;
use tonic::Status;

/// The length of a message prefix: a flag and the length of the message (gRPC over HTTP/2,
/// "Length-Prefixed-Message").
const PREFIX: usize = 5;

/// The body of a call that takes exactly one message. tonic reads the first message only, and
/// reports a missing message as an internal error.
#[derive(Debug)]
pub(crate) struct SingleMessage {
    body: Body,
    /// The received part of the prefix, which may arrive in several chunks.
    prefix: Vec<u8>,
    /// The missing bytes of the message.
    rest: usize,
    begun: bool,
    ended: bool,
}

impl SingleMessage {
    pub(crate) fn new(body: Body) -> Self {
        Self {
            body,
            prefix: Vec::with_capacity(PREFIX),
            rest: 0,
            begun: false,
            ended: false,
        }
    }

    /// Follows the messages in a received chunk.
    fn follow(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            let (skipped, behind) = data.split_at(self.rest.min(data.len()));
            self.rest -= skipped.len();
            data = behind;
            if self.rest > 0 || data.is_empty() {
                return Ok(());
            }
            if self.begun {
                return Err(Status::unimplemented("this method accepts one message"));
            }
            let (prefix, behind) = data.split_at((PREFIX - self.prefix.len()).min(data.len()));
            self.prefix.extend_from_slice(prefix);
            data = behind;
            if let [_, length @ ..] = &*self.prefix
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                self.begun = true;
                self.rest = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            }
        }
        Ok(())
    }
}

impl http_body::Body for SingleMessage {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let followed = frame.data_ref().map_or(Ok(()), |data| self.follow(data));
                Some(match followed {
                    Ok(()) => Ok(frame),
                    Err(status) => {
                        self.ended = true;
                        Err(axum::Error::new(status))
                    }
                })
            }
            None if !self.begun && self.prefix.is_empty() => {
                self.ended = true;
                let status =
                    Status::unimplemented("this method accepts one message, but the call has none");
                Some(Err(axum::Error::new(status)))
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, StreamExt as _, stream};
    use proptest::prelude::*;

    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let prefix = u32::try_from(length).unwrap().to_be_bytes();
        [&[0][..], &prefix, &vec![7; length]].concat()
    }

    /// Returns the bytes that pass from a body in chunks, and its error.
    fn read(bytes: &[u8], piece: usize) -> (Vec<u8>, Option<String>) {
        let pieces: Vec<_> = bytes.chunks(piece).map(Bytes::copy_from_slice).collect();
        let body = Body::from_stream(stream::iter(pieces).map(Ok::<_, axum::Error>));
        let mut stream = Body::new(SingleMessage::new(body)).into_data_stream();
        let mut read = Vec::new();
        while let Some(piece) = stream.next().now_or_never().unwrap() {
            match piece {
                Ok(piece) => read.extend_from_slice(&piece),
                Err(error) => return (read, Some(error.to_string())),
            }
        }
        (read, None)
    }

    proptest! {
        #[test]
        fn passes_one_message_and_rejects_second_in_any_chunks_api_1(
            first in 0_usize..40,
            second in 0_usize..40,
            piece in 1_usize..50,
        ) {
            let one = message(first);
            prop_assert_eq!(read(&one, piece), (one.clone(), None));
            let two = [one, message(second)].concat();
            let (_, refused) = read(&two, piece);
            prop_assert!(refused.unwrap().contains("accepts one message"));
        }

        #[test]
        fn any_bytes_pass_as_one_message_or_are_rejected_api_1(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
            piece in 1_usize..50,
        ) {
            let (passed, refused) = read(&bytes, piece);
            let length = bytes.get(1..5).map(|length| {
                u32::from_be_bytes(length.try_into().unwrap()) as usize
            });
            let is_longer = length.is_some_and(|length| bytes.len() > 5 + length);
            prop_assert_eq!(refused.is_some(), bytes.is_empty() || is_longer);
            prop_assert!(bytes.starts_with(&passed));
        }
    }

    #[test]
    fn rejects_no_message_but_passes_partial_message_api_1() {
        assert!(read(&[], 1).1.unwrap().contains("the call has none"));
        assert_eq!(read(&[0, 0, 0], 2), (vec![0, 0, 0], None));
    }
}
