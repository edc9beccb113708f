//! The part of `dapr.proto.runtime.v1` that the engine uses. A `oneof` of messages is written as
//! optional fields, which has the same encoding.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use prost::Message;
use seaworthy_core::{Secret, error_chain};
use tokio::{sync::mpsc, time};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::transport::TransportError;

/// The metadata of calls to a sidecar that requires a token.
const TOKEN: &str = "dapr-api-token";
/// Maximum size of a message in bytes, above the default limit of a sidecar for a request.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

#[derive(Clone, PartialEq, Message)]
pub(super) struct PublishRequest {
    #[prost(string, tag = "1")]
    pub(super) component: String,
    #[prost(string, tag = "2")]
    pub(super) topic: String,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) data: Bytes,
    #[prost(string, tag = "4")]
    pub(super) content_type: String,
    #[prost(map = "string, string", tag = "5")]
    pub(super) metadata: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BulkRequest {
    #[prost(string, tag = "1")]
    pub(super) component: String,
    #[prost(string, tag = "2")]
    pub(super) topic: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) entries: Vec<BulkEntry>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BulkEntry {
    /// The ID of the entry, unique within the request.
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) data: Bytes,
    #[prost(string, tag = "3")]
    pub(super) content_type: String,
    #[prost(map = "string, string", tag = "4")]
    pub(super) metadata: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BulkResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) failed: Vec<FailedEntry>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FailedEntry {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) error: String,
}

/// The first request of a stream, or the result of an event.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SubscribeRequest {
    #[prost(message, optional, tag = "1")]
    initial: Option<InitialRequest>,
    #[prost(message, optional, tag = "2")]
    processed: Option<Processed>,
}

#[derive(Clone, PartialEq, Message)]
struct InitialRequest {
    #[prost(string, tag = "1")]
    component: String,
    #[prost(string, tag = "2")]
    topic: String,
}

#[derive(Clone, PartialEq, Message)]
struct Processed {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(message, optional, tag = "2")]
    response: Option<EventResponse>,
}

#[derive(Clone, PartialEq, Message)]
struct EventResponse {
    #[prost(enumeration = "EventStatus", tag = "1")]
    status: i32,
}

/// The result of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum EventStatus {
    Success = 0,
    Retry = 1,
}

impl SubscribeRequest {
    pub(super) fn processed(id: String, status: EventStatus) -> Self {
        Self {
            initial: None,
            processed: Some(Processed {
                id,
                response: Some(EventResponse {
                    status: status.into(),
                }),
            }),
        }
    }
}

/// The confirmation of the subscription, or an event.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SubscribeResponse {
    #[prost(message, optional, tag = "1")]
    initial: Option<()>,
    #[prost(message, optional, tag = "2")]
    pub(super) event: Option<TopicEvent>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TopicEvent {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) source: String,
    #[prost(string, tag = "3")]
    pub(super) event_type: String,
    #[prost(string, tag = "5")]
    pub(super) content_type: String,
    #[prost(bytes = "bytes", tag = "7")]
    pub(super) data: Bytes,
    #[prost(message, optional, tag = "10")]
    pub(super) extensions: Option<prost_types::Struct>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    /// The ID of the Dapr application.
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(message, repeated, tag = "3")]
    components: Vec<RegisteredComponent>,
}

#[derive(Clone, PartialEq, Message)]
struct RegisteredComponent {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    kind: String,
}

impl Metadata {
    fn has(&self, kind: &str, component: &str) -> bool {
        let mut all = self.components.iter();
        all.any(|one| one.kind.starts_with(kind) && one.name == component)
    }

    /// Checks that the sidecar has this publish/subscribe component.
    pub(super) fn require(&self, component: &str) -> Result<(), TransportError> {
        if self.has("pubsub.", component) {
            return Ok(());
        }
        Err(TransportError::rejected(format!(
            "the Dapr application {:?} has no publish/subscribe component {component:?}: add it to the resources of Dapr, or name another one in broker.url or broker.dapr.groups",
            self.id
        )))
    }

    /// Checks that the sidecar has this state store component.
    pub(super) fn require_state(&self, component: &str) -> Result<(), TransportError> {
        if self.has("state.", component) {
            return Ok(());
        }
        Err(TransportError::rejected(format!(
            "the Dapr application {:?} has no state store component {component:?}: add it to the resources of Dapr, or name another one in broker.dapr.dead_letters",
            self.id
        )))
    }
}

/// An open stream: the sender of results and the receiver of events.
pub(super) type Stream = (
    mpsc::UnboundedSender<SubscribeRequest>,
    Streaming<SubscribeResponse>,
);

/// The client of a sidecar. It reconnects automatically.
#[derive(Debug, Clone)]
pub(super) struct Api {
    channel: Channel,
    token: Option<Secret<String>>,
    timeout: Duration,
}

impl Api {
    pub(super) async fn connect(
        address: &str,
        token: Option<Secret<String>>,
        timeout: Duration,
    ) -> Result<Self, TransportError> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(TransportError::rejected)?
            .connect_timeout(timeout);
        let channel = endpoint.connect().await;
        Ok(Self {
            channel: channel.map_err(TransportError::unavailable)?,
            token,
            timeout,
        })
    }

    /// Returns a request with the newest token (CONF-5).
    fn request<M>(&self, message: M) -> Result<Request<M>, Status> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let mut value = MetadataValue::try_from(token.current().expose().as_str())
                .map_err(|_invalid| Status::invalid_argument("the token is not printable ASCII"))?;
            value.set_sensitive(true);
            request.metadata_mut().insert(TOKEN, value);
        }
        Ok(request)
    }

    async fn ready(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        let ready = grpc.ready().await;
        ready.map_err(|error| Status::unavailable(error_chain(&error)))?;
        Ok(grpc)
    }

    async fn in_time<T>(&self, call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let ended = time::timeout(self.timeout, call).await;
        ended.unwrap_or_else(|_elapsed| {
            let timeout = self.timeout;
            Err(Status::deadline_exceeded(format!(
                "no response within {timeout:?}"
            )))
        })
    }

    pub(super) async fn call<Q, A>(&self, path: &'static str, message: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let call = async {
            let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::default());
            let request = self.request(message)?;
            let answer = self.ready().await?.unary(request, path, codec).await?;
            Ok(answer.into_inner())
        };
        self.in_time(call).await
    }

    pub(super) async fn publish(&self, request: PublishRequest) -> Result<(), Status> {
        self.call("/dapr.proto.runtime.v1.Dapr/PublishEvent", request)
            .await
    }

    pub(super) async fn publish_bulk(&self, request: BulkRequest) -> Result<BulkResponse, Status> {
        let path = "/dapr.proto.runtime.v1.Dapr/BulkPublishEventAlpha1";
        self.call(path, request).await
    }

    pub(super) async fn metadata(&self) -> Result<Metadata, TransportError> {
        let path = "/dapr.proto.runtime.v1.Dapr/GetMetadata";
        self.call(path, ())
            .await
            .map_err(|status| transport_error(&status))
    }

    /// Subscribes to a topic and returns after Dapr has confirmed it.
    pub(super) async fn subscribe(
        &self,
        component: &str,
        topic: &str,
    ) -> Result<Stream, TransportError> {
        let (sender, requests) = mpsc::unbounded_channel();
        // The receiver exists, so the first request is sent.
        let _ = sender.send(SubscribeRequest {
            initial: Some(InitialRequest {
                component: component.to_owned(),
                topic: topic.to_owned(),
            }),
            processed: None,
        });
        let call = async {
            let path = "/dapr.proto.runtime.v1.Dapr/SubscribeTopicEventsAlpha1";
            let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::default());
            let request = self.request(UnboundedReceiverStream::new(requests))?;
            let mut grpc = self.ready().await?;
            let mut responses: Streaming<SubscribeResponse> =
                grpc.streaming(request, path, codec).await?.into_inner();
            match responses.message().await? {
                Some(SubscribeResponse {
                    initial: Some(()), ..
                }) => Ok(responses),
                _ => Err(Status::unavailable("Dapr did not confirm the subscription")),
            }
        };
        let responses = self
            .in_time(call)
            .await
            .map_err(|status| transport_error(&status))?;
        Ok((sender, responses))
    }
}

/// Returns the error of a call. Dapr uses most codes also for failures of the broker.
pub(super) fn transport_error(status: &Status) -> TransportError {
    let text = format!(
        "Dapr responded with {:?}: {}",
        status.code(),
        status.message()
    );
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented => {
            TransportError::rejected(text)
        }
        _ => TransportError::unavailable(text),
    }
}
