//! `AroundCalls` gets each unsafe call, including calls with streams.

use std::sync::Arc;

use futures::stream;
use parking_lot::Mutex;
use seaworthy_contract::{
    AroundCalls, CallFuture, ContractConfig, ContractMethod as _, Error, MethodDescription,
};
use seaworthy_core::Code;
use seaworthy_grpc::Contracts;
use tonic::{Request, client::Grpc};
use tonic_prost::ProstCodec;

use crate::access::{
    app::{Caller, TestApp, call},
    orders::{Echo, OrderRequest, OrderResponse, OrdersContract, OrdersMethod},
};

/// Rejects calls, and records their methods.
struct Guard(Arc<Mutex<Vec<&'static str>>>);

impl AroundCalls for Guard {
    fn around<'a>(&'a self, method: MethodDescription, _: CallFuture<'a>) -> CallFuture<'a> {
        self.0.lock().push(method.grpc_path);
        let message = "the call is not permitted";
        Box::pin(async move { Err(Error::new(Code::Forbidden, "GUARDED", message)) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_stream_is_not_read_plug_2() {
    let methods = Arc::<Mutex<Vec<_>>>::default();
    let config = ContractConfig::default().with_around_calls(Guard(Arc::clone(&methods)));
    let contract = OrdersContract::with_config(Echo, config);
    let app = TestApp::start(Contracts::new().with(contract)).await;
    let path = |method: OrdersMethod| method.description().grpc_path;
    let channel = app.grpc().await;
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    // The messages never end.
    let mut request = Request::new(stream::pending::<OrderRequest>());
    let token = "Bearer admin".parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    let import = path(OrdersMethod::ImportOrders);
    let codec = ProstCodec::<OrderRequest, OrderResponse>::default();
    let rejected = grpc
        .client_streaming(request, import.parse().unwrap(), codec)
        .await
        .unwrap_err();
    assert_eq!(rejected.message(), "the call is not permitted");
    // HTTP calls this method by GET only, so it is safe and `AroundCalls` does not get it.
    let watched = call(channel, path(OrdersMethod::GetOrder), Caller::Anonymous).await;
    assert_eq!(watched.as_deref(), Ok("GetOrder"));
    assert_eq!(*methods.lock(), [import]);
}
