use std::{pin::Pin, sync::Arc};

use futures::{Stream, StreamExt as _, stream};
use seaworthy_contract::{Contract, ContractConfig, http::HttpPath};
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap};

use crate::{
    answer::{any, pause, request_info, status, unary, with_fields},
    contract::{
        Any, BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse,
        ConformancePayload, ConformanceServiceMethod, DESCRIPTOR_BYTES, DOCUMENT,
        IdempotentUnaryRequest, IdempotentUnaryResponse, ServerStreamRequest, ServerStreamResponse,
        StreamResponseDefinition, UnaryRequest, UnaryResponse, UnimplementedRequest,
        UnimplementedResponse,
        conformance_payload::RequestInfo,
        conformance_service_server::{ConformanceService, ConformanceServiceServer},
    },
    trailers::WithTrailers,
};

/// The service that the runner calls. It uses tonic directly, because the trait of a contract has
/// no headers and trailers to echo.
#[derive(Debug, Clone)]
pub(crate) struct Conformance(pub(crate) Arc<ContractConfig>);

impl Contract for Conformance {
    const NAME: &'static str = "connectrpc.conformance.v1.ConformanceService";
    const DESCRIPTORS: &'static [u8] = DESCRIPTOR_BYTES;
    const OPENAPI: &'static str = DOCUMENT;

    type Method = ConformanceServiceMethod;
    type Grpc = WithTrailers<ConformanceServiceServer<Self>>;

    fn unguarded_grpc(&self) -> Self::Grpc {
        let server = ConformanceServiceServer::new(self.clone());
        WithTrailers(server.max_decoding_message_size(self.0.max_body_size.as_usize()))
    }

    fn paths(&self) -> Vec<HttpPath<Self::Method>> {
        Vec::new()
    }

    fn config(&self) -> &ContractConfig {
        &self.0
    }
}

type Answers<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

#[tonic::async_trait]
impl ConformanceService for Conformance {
    type ServerStreamStream = Answers<ServerStreamResponse>;
    type BidiStreamStream = Answers<BidiStreamResponse>;

    async fn unary(
        &self,
        request: Request<UnaryRequest>,
    ) -> Result<Response<UnaryResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let info = request_info(&metadata, vec![any("UnaryRequest", &request)]);
        let answer = |payload| UnaryResponse {
            payload: Some(payload),
        };
        unary(request.response_definition, info, answer).await
    }

    async fn idempotent_unary(
        &self,
        request: Request<IdempotentUnaryRequest>,
    ) -> Result<Response<IdempotentUnaryResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let info = request_info(&metadata, vec![any("IdempotentUnaryRequest", &request)]);
        let answer = |payload| IdempotentUnaryResponse {
            payload: Some(payload),
        };
        unary(request.response_definition, info, answer).await
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<ClientStreamRequest>>,
    ) -> Result<Response<ClientStreamResponse>, Status> {
        let (metadata, _, mut messages) = request.into_parts();
        let (mut definition, mut requests) = (None, Vec::new());
        while let Some(message) = messages.message().await? {
            requests.push(any("ClientStreamRequest", &message));
            if requests.len() == 1 {
                definition = message.response_definition;
            }
        }
        let answer = |payload| ClientStreamResponse {
            payload: Some(payload),
        };
        unary(definition, request_info(&metadata, requests), answer).await
    }

    async fn server_stream(
        &self,
        request: Request<ServerStreamRequest>,
    ) -> Result<Response<Self::ServerStreamStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let info = request_info(&metadata, vec![any("ServerStreamRequest", &request)]);
        let definition = request.response_definition.unwrap_or_default();
        Ok(streamed(definition, info, |payload| ServerStreamResponse {
            payload: Some(payload),
        }))
    }

    async fn bidi_stream(
        &self,
        request: Request<Streaming<BidiStreamRequest>>,
    ) -> Result<Response<Self::BidiStreamStream>, Status> {
        let (metadata, _, mut messages) = request.into_parts();
        let answer = |payload| BidiStreamResponse {
            payload: Some(payload),
        };
        let Some(first) = messages.message().await? else {
            let info = request_info(&metadata, Vec::new());
            return Ok(streamed(StreamResponseDefinition::default(), info, answer));
        };
        let mut requests = vec![any("BidiStreamRequest", &first)];
        let definition = first.response_definition.unwrap_or_default();
        if first.full_duplex {
            return Ok(duplex(definition, metadata, requests, messages));
        }
        while let Some(message) = messages.message().await? {
            requests.push(any("BidiStreamRequest", &message));
        }
        Ok(streamed(
            definition,
            request_info(&metadata, requests),
            answer,
        ))
    }

    async fn unimplemented(
        &self,
        _: Request<UnimplementedRequest>,
    ) -> Result<Response<UnimplementedResponse>, Status> {
        Err(Status::unimplemented("this method is not implemented"))
    }
}

/// Returns the responses of a definition in order. The first one repeats the request.
fn streamed<A: Send + 'static>(
    definition: StreamResponseDefinition,
    info: RequestInfo,
    answer: impl Fn(ConformancePayload) -> A + Send + 'static,
) -> Response<Answers<A>> {
    let delay = definition.response_delay_ms;
    let mut info = Some(info);
    let mut items: Vec<Result<A, Status>> = Vec::new();
    for data in definition.response_data {
        let request_info = info.take();
        items.push(Ok(answer(ConformancePayload { data, request_info })));
    }
    if let Some(error) = definition.error {
        items.push(Err(status(error, info, &definition.response_trailers)));
    }
    let answers = stream::iter(items).then(move |item| async move {
        if item.is_ok() {
            pause(delay).await;
        }
        item
    });
    with_fields(
        Box::pin(answers),
        &definition.response_headers,
        &definition.response_trailers,
    )
}

/// Sends one response for each request, and then the remaining responses.
fn duplex(
    definition: StreamResponseDefinition,
    metadata: MetadataMap,
    first: Vec<Any>,
    messages: Streaming<BidiStreamRequest>,
) -> Response<Answers<BidiStreamResponse>> {
    let (before, after) = (
        definition.response_headers.clone(),
        definition.response_trailers.clone(),
    );
    let conversation = Conversation {
        answers: definition.response_data.into_iter(),
        error: definition.error,
        delay: definition.response_delay_ms,
        requests: first,
        info: Some(request_info(&metadata, Vec::new())),
        messages: Some(messages),
        trailers: definition.response_trailers,
    };
    let answers = stream::try_unfold(conversation, Conversation::next);
    with_fields(Box::pin(answers), &before, &after)
}

struct Conversation {
    answers: std::vec::IntoIter<Vec<u8>>,
    error: Option<crate::contract::Error>,
    delay: u32,
    /// The part of the request that no response has repeated.
    requests: Vec<Any>,
    /// The delay of the first response.
    info: Option<RequestInfo>,
    /// Reads until the client closes its stream.
    messages: Option<Streaming<BidiStreamRequest>>,
    trailers: Vec<crate::contract::Header>,
}

impl Conversation {
    async fn next(mut self) -> Result<Option<(BidiStreamResponse, Self)>, Status> {
        if self.requests.is_empty()
            && let Some(messages) = &mut self.messages
        {
            match messages.message().await? {
                Some(message) => self.requests.push(any("BidiStreamRequest", &message)),
                None => self.messages = None,
            }
        }
        let Some(data) = self.answers.next() else {
            return match self.error.take() {
                Some(error) => {
                    let requests = std::mem::take(&mut self.requests);
                    let info = self
                        .info
                        .take()
                        .map(|info| RequestInfo { requests, ..info });
                    Err(status(error, info, &self.trailers))
                }
                None => Ok(None),
            };
        };
        let requests = std::mem::take(&mut self.requests);
        let request_info = match self.info.take() {
            Some(info) => Some(RequestInfo { requests, ..info }),
            None if requests.is_empty() => None,
            None => Some(RequestInfo {
                requests,
                ..RequestInfo::default()
            }),
        };
        pause(self.delay).await;
        let payload = Some(ConformancePayload { data, request_info });
        Ok(Some((BidiStreamResponse { payload }, self)))
    }
}
