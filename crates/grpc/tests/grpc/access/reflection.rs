//! Reflection clients can use the descriptors of a contract that declares its access.

use std::collections::BTreeSet;

use futures::stream;
use prost::Message as _;
use prost_types::FileDescriptorProto;
use tonic::transport::Channel;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::access::app::TestApp;

async fn files(channel: &Channel, request: MessageRequest) -> Vec<FileDescriptorProto> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    };
    let mut client = ServerReflectionClient::new(channel.clone());
    let answers = client.server_reflection_info(stream::iter([request])).await;
    let answer = answers.unwrap().into_inner().message().await.unwrap();
    match answer.unwrap().message_response.unwrap() {
        MessageResponse::FileDescriptorResponse(response) => response
            .file_descriptor_proto
            .iter()
            .map(|file| FileDescriptorProto::decode(file.as_slice()).unwrap())
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_resolves_every_import_of_a_contract_api_4() {
    let app = TestApp::of_contract().await;
    let channel = app.grpc().await;
    let symbol = MessageRequest::FileContainingSymbol("seaworthy.orders.v1.Orders".to_owned());
    let mut open = files(&channel, symbol).await;
    let mut known = BTreeSet::new();
    while let Some(file) = open.pop() {
        for import in &file.dependency {
            if !known.contains(import) {
                open.extend(files(&channel, MessageRequest::FileByFilename(import.clone())).await);
            }
        }
        known.insert(file.name().to_owned());
    }
    for file in ["seaworthy/access.proto", "google/protobuf/descriptor.proto"] {
        assert!(known.contains(file), "{known:?}");
    }
}
