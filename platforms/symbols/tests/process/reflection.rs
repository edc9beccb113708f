use tonic::Code;

use crate::{
    calls::{channel, raw},
    running::Running,
};

const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// How both versions answer to a client that asks nothing.
async fn answers(service: &Running) -> [Code; 2] {
    let channel = channel(service).await;
    let [v1, v1alpha] = REFLECTION.map(|method| raw(&channel, method, b""));
    [v1.await.code(), v1alpha.await.code()]
}

#[tokio::test]
async fn reflection_is_for_development_unless_it_is_set_api_4() {
    let development = Running::start(&[]);
    assert_eq!(answers(&development).await, [Code::Ok; 2]);
    let staging = Running::start(&["--profile", "staging"]);
    assert_eq!(answers(&staging).await, [Code::Unimplemented; 2]);
    let arguments = [
        "--profile",
        "staging",
        "--set",
        "server.grpc.reflection=true",
    ];
    let asked_for = Running::start(&arguments);
    assert_eq!(answers(&asked_for).await, [Code::Ok; 2]);
    let refused = Running::start(&["--set", "server.grpc.reflection=false"]);
    assert_eq!(answers(&refused).await, [Code::Unimplemented; 2]);
}
