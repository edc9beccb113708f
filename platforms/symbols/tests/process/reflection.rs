use tonic::Code;

use crate::{
    app::SymbolsApp,
    calls::{channel, raw},
};

const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Sends an empty stream to both versions, and returns the codes.
async fn codes(service: &SymbolsApp) -> [Code; 2] {
    let channel = channel(service).await;
    let [v1, v1alpha] = REFLECTION.map(|method| raw(&channel, method, b""));
    [v1.await.code(), v1alpha.await.code()]
}

#[tokio::test]
async fn reflection_is_on_in_development_or_if_set_api_4() {
    let development = SymbolsApp::start(&[]);
    assert_eq!(codes(&development).await, [Code::Ok; 2]);
    let staging = SymbolsApp::start(&["--profile", "staging"]);
    assert_eq!(codes(&staging).await, [Code::Unimplemented; 2]);
    let arguments = [
        "--profile",
        "staging",
        "--set",
        "server.grpc.reflection=true",
    ];
    let enabled = SymbolsApp::start(&arguments);
    assert_eq!(codes(&enabled).await, [Code::Ok; 2]);
    let disabled = SymbolsApp::start(&["--set", "server.grpc.reflection=false"]);
    assert_eq!(codes(&disabled).await, [Code::Unimplemented; 2]);
}
