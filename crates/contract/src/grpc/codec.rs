use std::marker::PhantomData;

use bytes::Buf as _;
use prost::Message;
use seaworthy_core::{Code, Error};
use tonic::{
    Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder},
};
use tonic_prost::ProstEncoder;

use crate::{
    error::{ErrorFormat as _, Problems, protobuf_problem, reason},
    footprint::{self, WireMessage},
};

/// The codec of servers. It reports malformed messages as `INVALID_ARGUMENT`. The usual codec
/// reports `INTERNAL`, which counts as a fault of the server.
#[derive(Debug)]
pub struct RequestCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for RequestCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for RequestCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + WireMessage + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = RequestDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        RequestDecoder(PhantomData)
    }
}

/// Reads the messages of a request.
#[derive(Debug)]
pub struct RequestDecoder<U>(PhantomData<U>);

impl<U: Message + WireMessage + Default> Decoder for RequestDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // Shares the bytes without a copy.
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        footprint::check::<U>(&bytes).map_err(|exhausted| Problems.grpc(exhausted.into()))?;
        U::decode(bytes).map(Some).map_err(|error| {
            let message = protobuf_problem(&error);
            Problems.grpc(Error::new(
                Code::Invalid,
                reason::MALFORMED_REQUEST,
                message,
            ))
        })
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}
